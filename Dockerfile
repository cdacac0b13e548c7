# One image for web and worker; docker-compose.yml starts both.
#
# TORCH_INDEX_URL  the package index that torch is taken from, as for make: without it the public
#                  build, which brings CUDA packages of several GB that a worker without a GPU
#                  does not need. For the CPU build: the CPU wheel index that pytorch.org's
#                  install page names.

FROM node:22-bookworm-slim AS front
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund --omit=dev

FROM python:3.11-slim-bookworm AS build
ARG TORCH_INDEX_URL=""
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/stagelight
WORKDIR /srv/stagelight
# Torch and what scripts import change rarely: layers of their own, before the code.
COPY constraints.txt ./
RUN if [ -n "$TORCH_INDEX_URL" ]; then \
        /opt/stagelight/bin/pip install -c constraints.txt --no-deps \
            --index-url "$TORCH_INDEX_URL" torch; \
    fi
RUN /opt/stagelight/bin/pip install -c constraints.txt \
    editables hatchling torch numpy scipy transformers
COPY . .
COPY --from=front /src/node_modules node_modules
# Installed as make does it: a checkout stays off the import path of the scripts that are run.
RUN python scripts/vendor.py \
    && rm -r node_modules \
    && /opt/stagelight/bin/pip install -c constraints.txt --no-build-isolation -e '.[runtime]' \
    && python -m compileall -q app workers

FROM python:3.11-slim-bookworm
# What the sandbox is made of beside the kernel; bubblewrap works where the container may have user
# namespaces, and is passed over where not.
RUN apt-get update \
    && apt-get install -y --no-install-recommends bubblewrap libseccomp2 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin stagelight \
    && install -d -o stagelight -g stagelight -m 0700 /data
COPY --from=build /opt/stagelight /opt/stagelight
COPY --from=build /srv/stagelight /srv/stagelight
ENV PATH=/opt/stagelight/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    STAGELIGHT_DATA=/data
VOLUME /data
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=3)"]
CMD ["stagelight", "serve"]
