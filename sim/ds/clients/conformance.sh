#!/usr/bin/env bash
# What real clients get from a directory server, a line for each step: client, step, outcome. Nothing here knows which server it is.
#
#   LDAP_URL=ldap://127.0.0.1:1389 LDAPS_URL=ldaps://127.0.0.1:1636 CA=ca.pem \
#   ADMIN_DN=uid=admin ADMIN_PASSWORD=… BASE=dc=example,dc=com  ./conformance.sh [ldap-utils] [jndi] [ldap3] [net-ldap]
#
# BASE must exist; ou=Conformance is made below it, and removed in the end. Passwords travel in files and variables, never in
# arguments.
set -uo pipefail
umask 077
cd "$(dirname "$0")" || exit 2
: "${LDAP_URL:?}" "${LDAPS_URL:?}" "${CA:?}" "${ADMIN_DN:?}" "${ADMIN_PASSWORD:?}" "${BASE:?}"
export LDAP_URL LDAPS_URL CA ADMIN_DN ADMIN_PASSWORD BASE
export UNIT="ou=Conformance,$BASE"
export FIRST='First-phrase-1' SECOND='Second-phrase-2' THIRD='Third-phrase-3'
export LDAPTLS_CACERT=$CA LDAPTLS_REQCERT=demand
clients=("$@")
[ $# -gt 0 ] || clients=(ldap-utils jndi ldap3 net-ldap)
work=$(mktemp -d)
trap 'clean; rm -rf "$work"' EXIT

secret() { printf %s "$2" >"$work/$1"; }
secret admin "$ADMIN_PASSWORD"; secret first "$FIRST"; secret second "$SECOND"; secret third "$THIRD"
as_admin() { local tool=$1; shift; "$tool" -x -H "$LDAPS_URL" -D "$ADMIN_DN" -y "$work/admin" "$@"; }
# code runs a tool and tells its result code; those of libldap itself, for who cannot connect, are negative.
code() { "$@" >"$work/out" 2>&1; local c=$?; echo "$c"; }

clean() {
  as_admin ldapsearch -M -LLL -o ldif-wrap=no -b "$UNIT" -s one '(objectClass=*)' 1.1 2>/dev/null | sed -n 's/^dn: //p' >"$work/old"
  [ -s "$work/old" ] && as_admin ldapdelete -M -f "$work/old" >/dev/null 2>&1
  as_admin ldapdelete "$UNIT" >/dev/null 2>&1
}

person() { # a user name, a password
  printf 'dn: uid=%s,%s\nobjectClass: inetOrgPerson\nuid: %s\ncn: %s\nsn: %s\nuserPassword: %s\n\n' "$1" "$UNIT" "$1" "$1" "$1" "$2"
}

prepare() {
  clean
  { printf 'dn: %s\nobjectClass: organizationalUnit\nou: Conformance\n\n' "$UNIT"
    for c in ldap-utils jndi ldap3 net-ldap; do person "$c" "$FIRST"; done
    for i in $(seq 21); do person "page$i" "$FIRST"; done
  } >"$work/people.ldif"
  as_admin ldapadd -f "$work/people.ldif" >"$work/out" 2>&1 || { cat "$work/out" >&2; exit 1; }
  # Where nobody may change the own password unless told so.
  if [ -n "${SELF_ACI:-}" ]; then
    printf 'dn: %s\nchangetype: modify\nadd: aci\naci: %s\n' "$UNIT" "$SELF_ACI" | as_admin ldapmodify >/dev/null 2>&1
  fi
}

# binds tells what a bind with each password ends with: the new one, the old one.
binds() {
  echo "new $(code ldapwhoami -x -H "$LDAPS_URL" -D "$me" -y "$work/$1"), old $(code ldapwhoami -x -H "$LDAPS_URL" -D "$me" -y "$work/$2")"
}

ldap_utils() {
  local me="uid=ldap-utils,$UNIT" c
  echo "bind: $(code as_admin ldapwhoami)"
  as_admin ldapsearch -o ldif-wrap=no -E pr=10/noprompt -b "$UNIT" -s one '(objectClass=inetOrgPerson)' 1.1 >"$work/found" 2>&1
  echo "paging: $(grep -c '^dn:' "$work/found") entries, $(grep -c '^# pagedresults\|^control: 1.2.840.113556.1.4.319' "$work/found" | sed 's/^0$/no/') answers with a cookie"
  echo "absolute true filter: $(as_admin ldapsearch -LLL -b "$me" -s base '(&)' 1.1 2>/dev/null | grep -c '^dn:') found"
  c=$(printf 'dn: %s\nchangetype: modify\nreplace: description\ndescription: changed\n' "$me" | code as_admin ldapmodify)
  echo "modify: $c, reads $(as_admin ldapsearch -LLL -b "$me" -s base '(objectClass=*)' description 2>/dev/null | sed -n 's/^description: //p')"
  c=$(printf 'dn: %s\nchangetype: modify\ndelete: userPassword\nuserPassword: %s\n-\nadd: userPassword\nuserPassword: %s\n' "$me" "$FIRST" "$SECOND" |
    code ldapmodify -x -H "$LDAPS_URL" -D "$me" -y "$work/first")
  echo "password by modify: $c, $(binds second first)"
  [ "$c" = 0 ] || printf 'dn: %s\nchangetype: modify\nreplace: userPassword\nuserPassword: %s\n' "$me" "$SECOND" | as_admin ldapmodify >/dev/null 2>&1
  c=$(code ldappasswd -x -H "$LDAPS_URL" -D "$me" -y "$work/second" -A -t "$work/second" -T "$work/third")
  [ "$c" = 1 ] && c=$(code ldappasswd -x -H "$LDAPS_URL" -D "$me" -y "$work/second" -t "$work/second" -T "$work/third")
  echo "password by extended operation: $c, $(binds third second)"
  # A referral back to this server: who follows it arrives.
  printf 'dn: ou=Elsewhere,%s\nobjectClass: referral\nobjectClass: extensibleObject\nou: Elsewhere\nref: %s/%s\n' "$UNIT" "$LDAP_URL" "$UNIT" | as_admin ldapadd -M >/dev/null 2>&1
  c=$(code as_admin ldapsearch -b "uid=ldap-utils,ou=Elsewhere,$UNIT" -s base '(objectClass=*)' 1.1)
  echo "referral: $c, followed: $(as_admin ldapsearch -LLL -C -b "uid=ldap-utils,ou=Elsewhere,$UNIT" -s base '(objectClass=*)' 1.1 2>/dev/null | grep -c '^dn:') found"
  echo "reference: $(as_admin ldapsearch -b "$UNIT" -s one '(uid=nobody)' 1.1 2>/dev/null | grep -c '^ref:'), managed: $(as_admin ldapsearch -M -LLL -b "$UNIT" -s one '(ou=Elsewhere)' 1.1 2>/dev/null | grep -c '^dn:') found"
  as_admin ldapdelete -M "ou=Elsewhere,$UNIT" >/dev/null 2>&1
  # The tools show a policy only when it has something to say.
  echo "password policy control: $(code ldapwhoami -x -e ppolicy -H "$LDAPS_URL" -D "$me" -y "$work/third")"
  stdbuf -oL ldapsearch -x -H "$LDAPS_URL" -D "$ADMIN_DN" -y "$work/admin" -b "$me" -s base \
    -E '!2.16.840.1.113730.3.4.3=::MAkCAQ8BAQABAf8=' '(objectClass=*)' description >"$work/watch" 2>&1 &
  local watcher=$! i
  for i in $(seq 100); do grep -q '^description\|^result:\|^#.*failed' "$work/watch" && break; kill -0 $watcher 2>/dev/null || break; sleep 0.1; done
  printf 'dn: %s\nchangetype: modify\nreplace: description\ndescription: watched\n' "$me" | as_admin ldapmodify >/dev/null 2>&1
  for i in $(seq 50); do grep -q 'description: watched' "$work/watch" && break; kill -0 $watcher 2>/dev/null || break; sleep 0.1; done
  kill $watcher 2>/dev/null; wait $watcher 2>/dev/null
  if grep -q 'description: watched' "$work/watch"; then echo "persistent search: $(sed -n 's/^#* *persistentSearch: //p' "$work/watch" | tail -1)"
  else echo "persistent search: $(sed -n 's/^result: \([0-9]*\).*/\1/p' "$work/watch")"; fi
  echo "StartTLS: $(code ldapwhoami -x -ZZ -H "$LDAP_URL" -D "$me" -y "$work/third")"
}

run() {
  case $1 in
    ldap-utils) ldap_utils ;;
    jndi) java -Djavax.net.ssl.trustStore="$work/trust.p12" -Djavax.net.ssl.trustStorePassword=changeit -Djavax.net.ssl.trustStoreType=PKCS12 Conformance.java ;;
    ldap3) /usr/bin/python3 conformance.py ;;
    net-ldap) perl conformance.pl ;;
    *) echo "there is no client $1" >&2; return 2 ;;
  esac
}

prepare
status=0
for client in "${clients[@]}"; do
  if [ "$client" = jndi ]; then
    keytool -importcert -noprompt -file "$CA" -keystore "$work/trust.p12" -storetype PKCS12 -storepass changeit >/dev/null 2>&1 || exit 2
  fi
  run "$client" >"$work/lines" 2>"$work/errors" || { status=1; sed "s/^/$client: /" "$work/errors" >&2; }
  sed "s/^/$client: /" "$work/lines"
done
exit $status
