#!/usr/bin/env bash
# fuzz: what the API's own document allows, and what it does not, gets answers that the document tells of; for 40 s.
# The seed fixes what is sent, the machine how much of it: `make fuzz-api` sends more.
cd "$(dirname "$(readlink -f "$0")")/../.."
exec tests/api/schemathesis -t 40
