// A real OpenID Connect provider on the loopback, for tests/test_oidc_real.py.
//
// node provider.mjs REDIRECT_URI CLIENT_ID CLIENT_SECRET
//
// It prints its issuer once it listens, and ends with its standard input. Whoever logs in is who
// they say: any password will do. As a native application's, the redirect may be to any port of
// the loopback (RFC 8252): Stagelight learns its own only after it was told the issuer.

import { createServer } from "node:http";
import Provider from "oidc-provider";

const [redirectUri, clientId, clientSecret] = process.argv.slice(2);

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        application_type: "native",
      },
    ],
    claims: { openid: ["sub"], profile: ["preferred_username"] },
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: () => ({ sub, preferred_username: `${sub} of the provider` }),
    }),
    pkce: { required: () => true },
  });
  server.on("request", provider.callback());
  console.log(issuer);
});

process.stdin.resume().on("end", () => process.exit());
