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
		value, present := doc.Object(keys...)[member]
		at := doc.finding(what, "/"+strings.Join(append(keys, member), "/"))
		at.Instead = instead
		s, isText := value.(string)
		switch {
		case !present:
			at.Kind, at.Problem = Missing, member+" is missing"
		case !isText || s == "":
			at.Kind, at.Problem = Unusable, member+" is not a text"
		case strings.Contains(s, "&{"):
			at.Problem = "property " + s + " is not resolved here" // which is as it should be in a project folder
		default:
			return s, true
		}
		r.found(at)
		return "", false
	}
	take := func(what, value, path string) {
		at := doc.finding(what, path)
		at.Value = value
		r.found(at)
	}

	if base, ok := text("endpoint", "baseAddress", "the embedded default", "configurationProperties"); ok {
		if problem := notHTTPS(base); problem != "" {
			at := doc.finding("endpoint", properties+"/baseAddress")
			at.Kind, at.Problem, at.Instead = Unusable, problem, "the embedded default"
			r.found(at)
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
	if kind, ok := doc.Object("configurationProperties", "customAuthHeaders")["Content-Type"].(string); ok {
		r.project.ContentType = kind
		take("content type", kind, properties+"/customAuthHeaders/Content-Type")
	}
}

// tokenEndpoint must be on the endpoint's host: one simulator stands for the whole tenant.
func (r *reader) tokenEndpoint(doc Document, endpoint string) {
	at := doc.finding("token endpoint", "/configurationProperties/oauth2/tokenEndpoint")
	at.Kind = Unusable
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
		at.Kind, at.Value = Taken, endpoint
	}
	r.found(at)
}

// clientSecret is looked at but never taken: the finding only tells a secret in clear from a reference to one.
func (r *reader) clientSecret(doc Document) {
	at := doc.finding("client secret", "/configurationProperties/oauth2/clientSecret")
	at.Instead = "a secret made for this rehearsal"
	switch secret := doc.Object("configurationProperties", "oauth2")["clientSecret"].(type) {
	case nil:
		at.Kind, at.Problem = Missing, "clientSecret is missing"
	case string:
		at.Value = "(not read)"
		if strings.HasPrefix(secret, "&{") && strings.HasSuffix(secret, "}") {
			at.Value = secret
		} else {
			at.Kind, at.Problem = Unusable, "stands in the file in clear; use a property, &{idcs.client.secret}"
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

// finding begins a finding about the member at a JSON pointer.
func (d Document) finding(what, pointer string) Finding {
	return Finding{What: what, File: d.File, Position: d.Position(pointer)}
}
