#!/usr/bin/env bash
# fuzz: what the API's own document allows, and what it does not, gets answers that the document tells of; for 40 s. The
# same requests each time: `make fuzz-api` sends more.
cd "$(dirname "$(readlink -f "$0")")/../.."
exec tests/api/schemathesis -t 40
