#!/usr/bin/env bash
# Runs conformance.sh and the bytes of testdata/raw.txt against OpenLDAP's slapd and 389 Directory Server on this machine, and
# prints where they differ from what sim/ds answers (testdata). Each is started on ports of its own and stopped again; who is not
# installed is left out, loudly. RAW_UPDATE=-update writes what they do with the bytes into testdata/raw.txt.
#
#   apt-get install slapd slapd-contrib ldap-utils 389-ds-base python3-lib389   # 389 wants root
set -euo pipefail
umask 077
cd "$(dirname "$0")"
work=$(mktemp -d)
stop=: failed=0
trap '$stop; rm -rf "$work"' EXIT
BASE=dc=example,dc=com PASSWORD='An-administrators-own-1'

certificates() {
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/ca.key" -out "$work/ca.pem" -days 2 -subj '/CN=ldap peers' \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
  openssl req -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/request.pem" -subj '/CN=127.0.0.1' 2>/dev/null
  openssl x509 -req -in "$work/request.pem" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -out "$work/cert.pem" -days 2 \
    -extfile <(printf 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth') 2>/dev/null
}

# ready waits until somebody answers.
ready() {
  for _ in $(seq 100); do ldapsearch -x -H "$1" -s base -b '' 1.1 >/dev/null 2>&1 && return; sleep 0.1; done
  echo "$1 does not answer" >&2
  return 1
}

compare() { # a server's name, its plain and secure port, its administrator
  echo "== $1"
  LDAP_URL="ldap://127.0.0.1:$2" LDAPS_URL="ldaps://127.0.0.1:$3" CA="$work/ca.pem" ADMIN_DN=$4 ADMIN_PASSWORD=$PASSWORD BASE=$BASE \
    ./conformance.sh >"$work/got" 2>"$work/errors" || sed 's/^/   /' "$work/errors"
  cat testdata/{ldap-utils,jndi,ldap3,net-ldap}.txt >"$work/want"
  if diff "$work/want" "$work/got" >"$work/diff"; then echo "no difference"; else sed -n "s/^</sim\/ds:/p; s/^>/$1:/p" "$work/diff"; fi
  # The suffix may be there already.
  ldapadd -c -x -H "ldap://127.0.0.1:$2" -D "$4" -w "$PASSWORD" -f testdata/raw.ldif >/dev/null 2>&1 || true
  LDAP_RAW_PEER=$1 LDAP_RAW_ADDRESS=127.0.0.1:$2 "$work/raw" -test.run '^TestRawPeer$' ${RAW_UPDATE:-} || failed=1
}

slapd_peer() {
  mkdir -p "$work/db"
  cat >"$work/slapd.conf" <<C
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
pidfile $work/slapd.pid
TLSCACertificateFile $work/ca.pem
TLSCertificateFile $work/cert.pem
TLSCertificateKeyFile $work/key.pem
database mdb
suffix $BASE
rootdn cn=admin,$BASE
rootpw $PASSWORD
directory $work/db
overlay ppolicy
ppolicy_hash_cleartext
access to attrs=userPassword by self write by anonymous auth
access to * by * read
C
  slapd -f "$work/slapd.conf" -h "ldap://127.0.0.1:3400 ldaps://127.0.0.1:3436" -d 0 >"$work/log" 2>&1 &
  local pid=$!
  stop="kill $pid"
  ready ldap://127.0.0.1:3400 || { cat "$work/log" >&2; exit 1; }
  printf 'dn: %s\nobjectClass: domain\ndc: example\n' "$BASE" |
    ldapadd -x -H ldap://127.0.0.1:3400 -D "cn=admin,$BASE" -w "$PASSWORD" >/dev/null
  compare slapd 3400 3436 "cn=admin,$BASE"
  kill $pid
  wait $pid || true
  stop=:
}

ds389_peer() {
  sed -i 's/^with_systemd = 1/with_systemd = 0/' /usr/share/dirsrv/inf/defaults.inf # there may be no systemd here
  cat >"$work/ds.inf" <<C
[general]
config_version = 2
full_machine_name = localhost.localdomain
strict_host_checking = False
[slapd]
instance_name = seatrial-peer
port = 3389
secure_port = 3636
root_password = $PASSWORD
self_sign_cert = True
db_lib = bdb
[backend-userroot]
suffix = $BASE
create_suffix_entry = True
sample_entries = no
C
  dscreate from-file "$work/ds.inf" >"$work/log" 2>&1 || { cat "$work/log" >&2; return 1; }
  stop='dsctl seatrial-peer remove --do-it'
  { dsctl seatrial-peer tls import-ca "$work/ca.pem" peers
    dsctl seatrial-peer tls import-server-key-cert "$work/cert.pem" "$work/key.pem"
    dsctl seatrial-peer restart
  } >"$work/log" 2>&1 || { cat "$work/log" >&2; return 1; }
  ready ldap://127.0.0.1:3389
  # Nobody may read or change anything there unless told so.
  printf 'dn: %s\nchangetype: modify\nadd: aci\naci: (targetattr!="userPassword")(version 3.0; acl "read"; allow (read,search,compare) userdn="ldap:///anyone";)\n' "$BASE" |
    ldapmodify -x -H ldap://127.0.0.1:3389 -D 'cn=Directory Manager' -w "$PASSWORD" >/dev/null
  SELF_ACI='(targetattr="userPassword")(version 3.0; acl "own password"; allow (write) userdn="ldap:///self";)' \
    compare 389-ds 3389 3636 'cn=Directory Manager'
  $stop >/dev/null 2>&1
  stop=:
}

certificates
go test -c -o "$work/raw" .
if command -v slapd >/dev/null; then slapd_peer; else echo "== slapd is not installed: NOT COMPARED" >&2; fi
if ! command -v ns-slapd >/dev/null; then echo "== 389-ds is not installed: NOT COMPARED" >&2
elif [ "$(id -u)" != 0 ]; then echo "== 389-ds wants root: NOT COMPARED" >&2
else ds389_peer; fi
exit $failed
