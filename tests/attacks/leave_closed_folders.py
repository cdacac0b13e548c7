"""Takes away all rights on its folders and files before it ends, and moves its folders about."""

import os

from attack_kit import HERE, attempt, own_folders

for folder in (*own_folders(), HERE):
    attempt((folder / "closed").mkdir)
    attempt((folder / "closed" / "inner").mkdir)
    attempt((folder / "closed" / "file").write_text, "x")
    attempt(os.rename, folder, folder.with_name(folder.name + ".moved"))
    for path in (folder / "closed" / "file", folder / "closed" / "inner", folder / "closed"):
        attempt(os.chmod, path, 0)
    attempt(os.chmod, folder, 0)
    attempt(os.chmod, folder.parent, 0)
    attempt(os.rmdir, folder)
