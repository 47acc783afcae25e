#!/usr/bin/env bash
# auth-keystone: a real Keystone decides who may use the API: projects, users and roles; what happens while it is away.
. "$(dirname "$0")/lib.sh"
keystone=$api_dir/../lab/keystone
trap 'stop_server; "$keystone" stop "$work/keystone"' EXIT

title "A Keystone with two projects and a user in each role"
url=$("$keystone" start "$work/keystone")
# identity METHOD PATH [BODY]: a call of Keystone's own API, as its administrator.
identity() {
  curl -sf -X "$1" -H "X-Auth-Token: ${admin_token:-}" -H 'Content-Type: application/json' ${3:+--data "$3"} "$url$2"
}
password_of() {
  jq -nc --arg name "$1" --arg password "$2" --arg project "$3" '{auth: {identity: {methods: ["password"], password: {user: {
    name: $name, domain: {name: "Default"}, password: $password}}}, scope: {project: {name: $project, domain: {name: "Default"}}}}}'
}
admin_token=$(curl -sf -D - -o /dev/null -H 'Content-Type: application/json' --data "$(password_of admin secret admin)" \
  "$url/auth/tokens" | sed -n 's/^x-subject-token: //Ip' | tr -d '\r')
role() { identity GET "/roles?name=$1" | jq -r '.roles[0].id'; }
project() { identity POST /projects "{\"project\": {\"name\": \"$1\", \"description\": \"of $1\"}}" | jq -r .project.id; }
user() { identity POST /users "{\"user\": {\"name\": \"$1\", \"password\": \"pw-$1\"}}" | jq -r .user.id; }
grant() { identity PUT "/projects/$1/users/$2/roles/$(role "$3")" > /dev/null; }
red=$(project red) blue=$(project blue) service=$(project service)
alice=$(user alice) ralph=$(user ralph) bob=$(user bob) nemo=$(user nemo) midspan_user=$(user midspan)
grant "$red" "$alice" member
grant "$red" "$ralph" reader
grant "$blue" "$bob" member
grant "$service" "$midspan_user" admin
expect "users and projects are made" test -n "$red" -a -n "$bob"

printf 'pw-midspan\n' > "$work/password"
chmod 600 "$work/password"
port=$(free_port)
base=http://127.0.0.1:$port/midonet-api
cat > "$work/midspan.toml" << CONF
auth = "keystone"
listen = "127.0.0.1:$port"
[keystone]
url = "$url"
user = "midspan"
password-file = "$work/password"
remember = 2
CONF
serve

title "Login and roles"
equal "wrong password" 401 "$(login alice wrong red)"
equal "a project the user has no role on" 401 "$(login alice pw-alice blue)"
equal "no role anywhere" 401 "$(login nemo pw-nemo red)"
equal "alice logs in to red" 200 "$(login alice pw-alice red)"
alice_token=$(token)
equal "the token is Keystone's" 200 "$(curl -s -o /dev/null -w '%{http_code}' -H "X-Auth-Token: $admin_token" -H "X-Subject-Token: $alice_token" "$url/auth/tokens")"
equal "ralph logs in" 200 "$(login ralph pw-ralph red)"
ralph_token=$(token)
equal "bob logs in" 200 "$(login bob pw-bob blue)"
bob_token=$(token)
equal "without a token" 401 "$(curl -s -o /dev/null -w '%{http_code}' "$base/bridges")"
equal "a token of nobody's" 401 "$(call gAAAAABnonsense GET /bridges)"
equal "a member writes" 201 "$(call "$alice_token" POST /bridges '{"name": "b"}')"
bridge=$(created)
equal "what a member makes is the project's" "$red" "$(call "$alice_token" GET "/bridges/$bridge" > /dev/null; jq -r .tenantId "$work/body")"
equal "a reader reads" 200 "$(call "$ralph_token" GET "/bridges/$bridge")"
equal "a reader does not write" 403 "$(call "$ralph_token" POST /bridges '{}')"
equal "another project sees nothing" 404 "$(call "$bob_token" GET "/bridges/$bridge")"
equal "nor lists it" 0 "$(call "$bob_token" GET /bridges > /dev/null; jq length "$work/body")"
equal "hosts are the operator's" 403 "$(call "$alice_token" GET /hosts)"
equal "the admin role sees all" "$red" "$(call "$admin_token" GET "/bridges/$bridge" > /dev/null; jq -r .tenantId "$work/body")"
equal "and hosts" 200 "$(call "$admin_token" GET /hosts)"

title "Tenants are projects"
list='application/vnd.org.midonet.collection.Tenant-v2+json'
equal "for the operator" "admin blue red service" \
  "$(call "$admin_token" GET /tenants '' -H "Accept: $list" > /dev/null; jq -r '[.[].name] | sort | join(" ")' "$work/body")"
equal "for a member" "red of red" "$(call "$alice_token" GET /tenants '' -H "Accept: $list" > /dev/null; jq -r '.[] | .name + " " + .description' "$work/body")"
equal "another's" 404 "$(call "$alice_token" GET "/tenants/$blue")"

title "Rights end in Keystone"
curl -sf -X DELETE -H "X-Auth-Token: $admin_token" -H "X-Subject-Token: $ralph_token" "$url/auth/tokens"
sleep 2.1
equal "a revoked token, once it is forgotten" 401 "$(call "$ralph_token" GET /bridges)"

title "Keystone is away"
"$keystone" stop "$work/keystone"
sleep 2.1
equal "who is not remembered is not let in" 503 "$(call "$alice_token" GET /bridges)"
expect "and told when to try again" grep -qi '^retry-after: ' "$work/headers"
equal "nobody logs in" 503 "$(login bob pw-bob blue)"
port_of_keystone=${url#http://127.0.0.1:}
"$keystone" start "$work/keystone" "${port_of_keystone%/v3}" > /dev/null
equal "it comes back" 200 "$(call "$alice_token" GET /bridges)"

title "No secret is in the logs"
stop_server
expect "there are logs" test "$(wc -l < "$work/server.log")" -gt 100
for secret in pw-alice pw-bob pw-midspan "$alice_token" "$bob_token" "$admin_token" "$(printf 'alice:pw-alice' | base64)"; do
  expect "not ${secret:0:8}…" fails grep -qF -- "$secret" "$work/server.log"
done
verdict
