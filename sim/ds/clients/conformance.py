"""What python3-ldap3 gets from a directory server; see conformance.sh."""
import os
import queue
import ssl
from urllib.parse import urlparse

import ldap3
from ldap3.core.exceptions import LDAPException

env = os.environ
ME = "uid=ldap3," + env["UNIT"]
TLS = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=env["CA"])


def server(url, info=ldap3.NONE):
    at = urlparse(url)
    return ldap3.Server(at.hostname, port=at.port, use_ssl=at.scheme == "ldaps", tls=TLS, get_info=info)


def bind(dn, password, **more):
    c = ldap3.Connection(server(env["LDAPS_URL"], more.pop("info", ldap3.NONE)), dn, password, **more)
    c.bind(controls=more.get("controls"))
    return c


def code(dn, password):
    c = bind(dn, password)
    result = c.result["result"]
    c.unbind()
    return result


def binds(new, old):
    return f"new {code(ME, new)}, old {code(ME, old)}"


admin = bind(env["ADMIN_DN"], env["ADMIN_PASSWORD"], info=ldap3.ALL)
print("bind:", admin.result["result"])
print("schema: read" if admin.server.schema and admin.server.schema.attribute_types else "schema: none")

pages, entries, cookie = 0, 0, None
while True:
    admin.search(env["UNIT"], "(objectClass=inetOrgPerson)", ldap3.LEVEL, attributes=["1.1"], paged_size=10, paged_cookie=cookie)
    pages += 1
    entries += sum(1 for e in admin.response if e["type"] == "searchResEntry")
    cookie = admin.result["controls"]["1.2.840.113556.1.4.319"]["value"]["cookie"]
    if not cookie or pages > 20:
        break
print(f"paging: {entries} entries, {pages} pages")

admin.modify(ME, {"description": [(ldap3.MODIFY_REPLACE, ["changed"])]})
changed = admin.result["result"]
admin.search(ME, "(objectClass=*)", ldap3.BASE, attributes=["description"])
print(f"modify: {changed}, reads {admin.entries[0].description.value}")

own = bind(ME, env["FIRST"])
own.modify(ME, {"userPassword": [(ldap3.MODIFY_DELETE, [env["FIRST"]]), (ldap3.MODIFY_ADD, [env["SECOND"]])]})
print(f"password by modify: {own.result['result']}, {binds(env['SECOND'], env['FIRST'])}")
if own.result["result"]:
    admin.modify(ME, {"userPassword": [(ldap3.MODIFY_REPLACE, [env["SECOND"]])]})
own.unbind()

own = bind(ME, env["SECOND"])
own.extend.standard.modify_password(None, env["SECOND"], env["THIRD"])
print(f"password by extended operation: {own.result['result']}, {binds(env['THIRD'], env['SECOND'])}")
print("who am I:", own.extend.standard.who_am_i() or "nobody")
own.unbind()

# ldap3 sends the control for changes alone, so nothing tells when the search has begun: changes are made until one is seen.
seen = queue.Queue()
watcher = ldap3.Connection(server(env["LDAPS_URL"]), env["ADMIN_DN"], env["ADMIN_PASSWORD"], client_strategy=ldap3.ASYNC_STREAM)
watcher.bind()
outcome = "nothing"
try:
    p = watcher.extend.standard.persistent_search(
        ME, "(objectClass=*)", ldap3.BASE, attributes=["description"], changes_only=True, streaming=False, callback=seen.put)
    for attempt in range(50):
        admin.modify(ME, {"description": [(ldap3.MODIFY_REPLACE, [f"watched {attempt}"])]})
        try:
            event = seen.get(timeout=0.2)
        except queue.Empty:
            continue
        if event["type"] == "searchResEntry":
            outcome = event.get("changeType", "an entry, and no word of a change")
        else:
            outcome = f"over, {event['result']}"
        break
    p.stop(unbind=False)
except LDAPException as wrong:
    outcome = type(wrong).__name__
print("persistent search:", outcome)
watcher.unbind()
admin.unbind()

plain = ldap3.Connection(server(env["LDAP_URL"]), ME, env["THIRD"])
plain.open()
plain.start_tls()
plain.bind()
print("StartTLS:", plain.result["result"])
plain.unbind()
