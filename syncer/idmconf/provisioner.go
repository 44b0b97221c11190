package idmconf

import (
	"net/url"
	"strings"
)

const provisionerFile = "conf/provisioner.openicf-idcs.json"

// provisioner takes the connection to the target from the connector's configuration.
// Shape: configurationProperties of a REST connector, {baseAddress, oauth2: {clientId, clientSecret, tokenEndpoint, scope}}.
func (r *reader) provisioner() {
	doc, ok := r.read(provisionerFile, "connection", "the embedded defaults for endpoint, client and scope")
	if !ok {
		return
	}
	const properties = "/configurationProperties"
	text := func(what, member, instead string, keys ...string) (string, bool) {
		value, present := doc.object(keys...)[member]
		at := Finding{What: what, File: doc.file, Line: doc.line("/" + strings.Join(append(keys, member), "/")), Instead: instead}
		s, isText := value.(string)
		switch {
		case !present:
			at.Problem = member + " is missing"
		case !isText || s == "":
			at.Problem = member + " is not a text"
		case strings.Contains(s, "&{"):
			at.Problem = "property " + s + " is not resolved here"
		default:
			return s, true
		}
		r.found(at)
		return "", false
	}
	take := func(what, value, path string) {
		r.found(Finding{What: what, Value: value, File: doc.file, Line: doc.line(path)})
	}

	if base, ok := text("endpoint", "baseAddress", "the embedded default", "configurationProperties"); ok {
		if problem := notHTTPS(base); problem != "" {
			r.found(Finding{
				What: "endpoint", File: doc.file, Line: doc.line(properties + "/baseAddress"),
				Problem: problem, Instead: "the embedded default",
			})
		} else {
			r.project.BaseAddress = strings.TrimRight(base, "/")
			take("endpoint", r.project.BaseAddress, properties+"/baseAddress")
		}
	}
	oauth := []string{"configurationProperties", "oauth2"}
	if endpoint, ok := text("token endpoint", "tokenEndpoint", "/oauth2/v1/token of the endpoint", oauth...); ok {
		r.tokenEndpoint(doc, endpoint)
	}
	if client, ok := text("client", "clientId", "the embedded default", oauth...); ok {
		r.project.ClientID = client
		take("client", client, properties+"/oauth2/clientId")
	}
	if scope, ok := text("scope", "scope", "the embedded default", oauth...); ok {
		r.project.Scope = scope
		take("scope", scope, properties+"/oauth2/scope")
	}
	r.clientSecret(doc)
	if kind, ok := doc.object("configurationProperties", "customAuthHeaders")["Content-Type"].(string); ok {
		r.project.ContentType = kind
		take("content type", kind, properties+"/customAuthHeaders/Content-Type")
	}
}

// tokenEndpoint must be on the endpoint's host: one simulator stands for the whole tenant.
func (r *reader) tokenEndpoint(doc document, endpoint string) {
	at := Finding{What: "token endpoint", File: doc.file, Line: doc.line("/configurationProperties/oauth2/tokenEndpoint")}
	base, _ := url.Parse(r.project.BaseAddress)
	parsed, err := url.Parse(endpoint)
	switch {
	case notHTTPS(endpoint) != "":
		at.Problem, at.Instead = notHTTPS(endpoint), "/oauth2/v1/token of the endpoint"
	case err == nil && base != nil && !strings.EqualFold(base.Host, parsed.Host):
		at.Problem = "is on host " + parsed.Host + ", the endpoint on " + base.Host
		at.Instead = "/oauth2/v1/token of the endpoint"
	default:
		r.project.TokenURL = endpoint
		at.Value = endpoint
	}
	r.found(at)
}

// clientSecret is looked at but never taken: the finding only tells a secret in clear from a reference to one.
func (r *reader) clientSecret(doc document) {
	at := Finding{
		What: "client secret", File: doc.file, Line: doc.line("/configurationProperties/oauth2/clientSecret"),
		Instead: "a secret made for this rehearsal",
	}
	switch secret := doc.object("configurationProperties", "oauth2")["clientSecret"].(type) {
	case nil:
		at.Problem = "clientSecret is missing"
	case string:
		at.Value = "(not read)"
		if strings.HasPrefix(secret, "&{") && strings.HasSuffix(secret, "}") {
			at.Value = secret
		} else {
			at.Problem = "stands in the file in clear; use a property, &{idcs.client.secret}"
		}
	default:
		at.Value = "(encrypted)"
	}
	r.found(at)
}

func notHTTPS(address string) string {
	parsed, err := url.Parse(address)
	switch {
	case err != nil:
		return "is no URL: " + reason(err)
	case parsed.Scheme != "https" || parsed.Hostname() == "":
		return address + " is not an https:// address"
	case parsed.User != nil || parsed.RawQuery != "" || parsed.Fragment != "":
		return "must have no user, query or fragment"
	}
	return ""
}
