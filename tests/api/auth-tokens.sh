#!/usr/bin/env bash
# auth-tokens: the file of tokens, logins, HTTPS, what is read again, and that no secret comes into the logs.
. "$(dirname "$0")/lib.sh"
trap stop_server EXIT
tokens=$work/tokens.toml

# refuses STATUS TEXT CMD…
refuses() {
  local want=$1 text=$2 status=0
  shift 2
  "$@" > "$work/refusal" 2>&1 < /dev/null || status=$?
  equal "status of ${*#"$midspan"}" "$want" $status
  expect "it says: $text" grep -qE -- "$text" "$work/refusal"
}

title "A choice must be made, and be possible"
refuses 2 'auth tokens.*auth none' "$midspan" api --store "$work/x" --listen 0.0.0.0:0
refuses 2 'auth tokens.*auth none' "$midspan" api --store "$work/x" --listen-tls 0.0.0.0:0
refuses 2 'midspan api token' "$midspan" api --store "$work/x" --listen 127.0.0.1:0 --auth tokens --tokens "$work/none"
refuses 2 'keystone-url' "$midspan" api --store "$work/x" --listen 127.0.0.1:0 --auth keystone
refuses 2 'tls-cert' "$midspan" api --store "$work/x" --listen-tls 127.0.0.1:0
echo 'x = 1' > "$work/bad.toml"
refuses 2 'bad.toml.*line 1' "$midspan" api --store "$work/x" --listen 127.0.0.1:0 --auth tokens --tokens "$work/bad.toml"

title "Users are added"
operator=$("$midspan" api token operator --role admin --file "$tokens")
alice=$(printf 'pw-alice\n' | "$midspan" api token alice --role tenant-admin --tenant t1 --password --file "$tokens")
ralph=$("$midspan" api token ralph --role tenant-user --tenant t1 --file "$tokens")
bob=$("$midspan" api token bob --role tenant-admin --tenant t2 --file "$tokens")
equal "only the owner reads the file" 600 "$(stat -c %a "$tokens")"
refuses 2 'alice' "$midspan" api token alice --role admin --file "$tokens"
refuses 2 'tenant' "$midspan" api token carol --role tenant-user --file "$tokens"
refuses 2 'tenant-admin' "$midspan" api token carol --role root --file "$tokens"
expect "no token is in the file" fails grep -qE "${operator#midspan_}|${alice#midspan_}|pw-alice" "$tokens"

title "A certificate"
# certificate NAME: an authority NAME-ca.pem, and by it cert.pem and key.pem for localhost.
certificate() {
  local new="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
  # shellcheck disable=SC2086   # the options are words
  openssl req -x509 $new -keyout "$work/$1-ca.key" -out "$work/$1-ca.pem" -days 2 -subj "/CN=$1" 2>/dev/null
  # shellcheck disable=SC2086
  openssl req $new -keyout "$work/new.key" -out "$work/new.csr" -subj /CN=localhost 2>/dev/null
  openssl x509 -req -in "$work/new.csr" -CA "$work/$1-ca.pem" -CAkey "$work/$1-ca.key" -days 2 -out "$work/new.pem" \
    -extfile <(echo 'subjectAltName=DNS:localhost,IP:127.0.0.1') 2>/dev/null
  mv "$work/new.key" "$work/key.pem"
  mv "$work/new.pem" "$work/cert.pem"
}
certificate first
plain=$(free_port) secure=$(free_port)
chmod 644 "$tokens"
serve --auth tokens --tokens "$tokens" --listen "127.0.0.1:$plain" \
  --listen-tls "127.0.0.1:$secure" --tls-cert "$work/cert.pem" --tls-key "$work/key.pem"
expect "it tells both addresses" grep -q "ready: REST API on http://127.0.0.1:$plain/.* and https://127.0.0.1:$secure/" "$work/server.log"
expect "it warns of a file that all can read" grep -q 'chmod 600' "$work/server.log"
chmod 600 "$tokens"

title "Roles, by HTTP and HTTPS"
base=http://127.0.0.1:$plain/midonet-api
equal "a tenant's administrator writes" 201 "$(call "$alice" POST /bridges '{"name": "b"}')"
bridge=$(created)
base=https://127.0.0.1:$secure/midonet-api
first=(--cacert "$work/first-ca.pem")
equal "its user reads, by HTTPS" 200 "$(call "$ralph" GET "/bridges/$bridge" '' "${first[@]}")"
equal "and gets links that lead there" "$base/bridges/$bridge" "$(jq -r .uri "$work/body")"
equal "but does not write" 403 "$(call "$ralph" DELETE "/bridges/$bridge" '' "${first[@]}")"
equal "another tenant sees nothing" 404 "$(call "$bob" GET "/bridges/$bridge" '' "${first[@]}")"
equal "without a token" 401 "$(call '' GET /bridges '' "${first[@]}")"

title "The command line by HTTPS"
cli() { "$midspan" cli --midonet-url "$base" "$@"; }
expect "it logs in" test "$(cli --ca-file "$work/first-ca.pem" -u alice -p pw-alice -e 'bridge list' | grep -c "$bridge")" = 1
expect "it does not trust whom it does not know" fails cli -u alice -p pw-alice -e 'bridge list'
expect "nor somebody with a wrong password" fails cli --ca-file "$work/first-ca.pem" -u alice -p wrong -e 'bridge list'

title "Logins that fail too often"
equal "a login" 200 "$(login alice pw-alice t1 "${first[@]}")"
session=$(token)
expect "its cookie is for HTTPS only" grep -qi '^set-cookie: sessionId=.*; Secure' "$work/headers"
equal "its token" 200 "$(call "$session" GET /bridges '' "${first[@]}")"
for n in 1 2 3 4 5; do equal "failure $n" 401 "$(login bob pw-bad '' "${first[@]}")"; done
equal "and then" 429 "$(login bob pw-bad '' "${first[@]}")"
expect "with the time to wait" grep -qi '^retry-after: [0-9]' "$work/headers"

# becomes WANT CMD…: within 5 s.
becomes() {
  local want=$1 tries
  shift
  for tries in $(seq 50); do
    [ "$("$@")" != "$want" ] || return 0
    sleep 0.1
  done
  return 1
}
title "What is read again"
carol=$("$midspan" api token carol --role admin --file "$tokens")
expect "a user that was added" becomes 200 call "$carol" GET /hosts '' "${first[@]}"
sed -i '/^name = "carol"/,$d' "$tokens"
sed -i '$d' "$tokens"
kill -HUP "${pid[server]}"
expect "a user that was removed, at once by SIGHUP" becomes 401 call "$carol" GET /hosts '' "${first[@]}"
certificate second
expect "a certificate" becomes 200 call "$alice" GET /bridges '' --cacert "$work/second-ca.pem"
stop_server

title "A session outlives the server"
serve --auth tokens --tokens "$tokens" --listen "127.0.0.1:$plain"
base=http://127.0.0.1:$plain/midonet-api
equal "its token" 200 "$(call "$session" GET "/bridges/$bridge")"
stop_server

title "No secret is in the logs"
expect "there are logs of requests" grep -q DEBUG "$work/server.log"
for secret in pw-alice pw-bad "$operator" "$alice" "$bob" "$ralph" "$carol" "$session" "$(printf 'alice:pw-alice' | base64)"; do
  expect "not ${secret:0:12}…" fails grep -qF -- "$secret" "$work/server.log"
done
verdict
