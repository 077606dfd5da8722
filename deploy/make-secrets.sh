#!/bin/sh
# Makes the secrets of docker-compose.yml in .local/compose (existing ones are kept, tokens renewed).
# Uses the checkout's .venv if there is one, else the image, which needs nothing on the host but Docker.
set -eu
cd "$(dirname "$0")/.."
umask 077
mkdir -p .local/compose

if [ -x .venv/bin/python ]; then
    exec .venv/bin/python -m deploy.make_secrets
fi
docker build --file deploy/Dockerfile --tag tungnha:0.1.0 .
exec docker run --rm --network none --read-only --cap-drop ALL --security-opt no-new-privileges \
    --user "$(id -u):$(id -g)" --volume "$PWD/.local/compose:/out" \
    tungnha:0.1.0 python -m deploy.make_secrets /out
