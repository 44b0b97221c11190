package okta

import (
	"encoding/json"
	"net/http"
	"strings"
)

const (
	idpsPath = "/api/v1/idps"
	idpPath  = idpsPath + "/{id}"
)

func mountIdPs(t table) {
	t.add(http.MethodGet, idpsPath, "idp", readIdPs, (*call).listIdPs)
	t.add(http.MethodPost, idpsPath, "idp", writeIdPs, (*call).createIdP)
	t.add(http.MethodGet, idpPath, "idp", readIdPs, (*call).readIdP)
	t.add(http.MethodPut, idpPath, "idp", writeIdPs, (*call).replaceIdP)
	t.add(http.MethodDelete, idpPath, "idp", writeIdPs, (*call).deleteIdP)
	t.add(http.MethodPost, idpPath+"/lifecycle/activate", "idp", writeIdPs, func(c *call) error { return c.switchIdP(true) })
	t.add(http.MethodPost, idpPath+"/lifecycle/deactivate", "idp", writeIdPs, func(c *call) error { return c.switchIdP(false) })
	t.add(http.MethodGet, idpPath+"/users", "idp_link", readIdPs, (*call).listLinks)
	t.add(http.MethodGet, idpPath+"/users/{other}", "idp_link", readIdPs, (*call).readLink)
	t.add(http.MethodPost, idpPath+"/users/{other}", "idp_link", writeUsers, (*call).createLink)
	t.add(http.MethodDelete, idpPath+"/users/{other}", "unlink", writeIdPs, (*call).deleteLink)
	t.add(http.MethodGet, userPath+"/idps", "idp_link", readUsers, (*call).idpsOfUser)
}

// idpPage is the default page size of lists of identity providers and links (Okta, OpenAPI).
const idpPage = 20

func (c *call) idp() (IdentityProvider, error) {
	p, ok := c.s.idps.find(c.id)
	if !ok || p.ID != c.id {
		return IdentityProvider{}, refuse(notFound, c.id, "IdentityProvider")
	}
	return p, nil
}

// href is a link with the methods that it takes.
func href(address string, methods ...string) object {
	if len(methods) == 0 {
		return object{{"href", address}}
	}
	return object{{"href", address}, {"hints", object{{"allow", methods}}}}
}

// idpDocument has the members of Okta's example of a SAML provider.
func (c *call) idpDocument(p *IdentityProvider) object {
	self := c.base + idpsPath + "/" + p.ID
	status, turn := "ACTIVE", "deactivate"
	if p.Inactive {
		status, turn = "INACTIVE", "activate"
	}
	d := object{
		{"id", p.ID},
		{"type", p.Type},
		{"name", p.Name},
		{"status", status},
		{"created", stamp(p.Created)},
		{"lastUpdated", stamp(p.LastUpdated)},
	}
	if len(p.Protocol) > 0 {
		_ = nameSecrets(c.x, p.Protocol) // a client_secret; it was read as JSON before
		d = append(d, member{"protocol", p.Protocol})
	}
	links := object{}
	if p.Type == "SAML2" {
		links = append(
			links, member{"metadata", object{{"href", self + "/metadata.xml"}, {"type", "application/xml"}, {"hints", object{{"allow", []string{http.MethodGet}}}}}},
			member{"acs", object{{"href", c.base + "/sso/saml2/" + p.ID}, {"type", "application/xml"}, {"hints", object{{"allow", []string{http.MethodPost}}}}}},
		)
	}
	links = append(
		links, member{"users", href(self+"/users", http.MethodGet)},
		member{turn, href(self+"/lifecycle/"+turn, http.MethodPost)},
	)
	return append(d, member{"policy", p.Policy}, member{"_links", links})
}

// listIdPs takes q, the beginning of a name, and type.
func (c *call) listIdPs() error {
	limit, err := c.limit(idpPage)
	if err != nil {
		return err
	}
	var list []IdentityProvider
	for _, p := range c.s.idps.all() {
		q, kind := c.query.Get("q"), c.query.Get("type")
		if (kind == "" || kind == p.Type) && strings.HasPrefix(strings.ToLower(p.Name), strings.ToLower(q)) {
			list = append(list, p)
		}
	}
	return sendPage(c, list, limit, func(p *IdentityProvider) string { return p.ID }, c.idpDocument)
}

// sendPage answers with the part of a list, in the order of its ids, that the cursor asks for.
func sendPage[T any](c *call, list []T, limit int, id func(*T) string, show func(*T) object) error {
	after := c.query.Get("after")
	links := []string{"<" + c.base + c.r.URL.RequestURI() + `>; rel="self"`}
	page, last := []object{}, ""
	for i := range list {
		one := id(&list[i])
		if after != "" && one <= after {
			continue
		}
		if len(page) == limit {
			links = append(links, c.nextLink(last, limit))
			break
		}
		page, last = append(page, show(&list[i])), one
	}
	c.w.Header()["Link"] = links
	return c.sendJSON(page)
}

// idpBody is a provider in a request.
type idpBody struct {
	Type     string          `json:"type"`
	Name     string          `json:"name"`
	Protocol json.RawMessage `json:"protocol"`
	Policy   *IdPPolicy      `json:"policy"`
}

// readIdPBody fills in what Okta fills in: what is not said of a policy is off, but for the match by user name.
func (c *call) readIdPBody() (idpBody, error) {
	quiet := DefaultIdPPolicy()
	quiet.Provisioning.Action, quiet.Provisioning.ProfileMaster, quiet.AccountLink.Action = Disabled, false, Disabled
	b := idpBody{Policy: &quiet}
	if err := c.decodeBody(&b); err != nil {
		return idpBody{}, err
	}
	switch {
	case b.Policy == nil:
		return idpBody{}, refuse(validation, "policy").because("policy: The field cannot be left blank")
	case len(b.Protocol) == 0 || b.Protocol[0] != '{':
		return idpBody{}, refuse(validation, "protocol").because("protocol: The field cannot be left blank")
	}
	return b, nil
}

func (c *call) createIdP() error {
	b, err := c.readIdPBody()
	if err != nil {
		return err
	}
	p := IdentityProvider{ID: c.s.ids.next("0oa"), Type: b.Type, Name: b.Name, Protocol: b.Protocol, Policy: *b.Policy, Created: c.s.now()}
	p.LastUpdated = p.Created
	if err := p.validate(); err != nil {
		return err
	}
	if !c.s.idps.add(p) {
		return nameIsTaken()
	}
	c.log(eventIdPCreate, nil, "SUCCESS", "", p.target())
	return c.sendJSON(c.idpDocument(&p))
}

func (c *call) readIdP() error {
	p, err := c.idp()
	if err != nil {
		return err
	}
	return c.sendJSON(c.idpDocument(&p))
}

// replaceIdP is the precondition of both fixes of an Org2Org pair: just-in-time provisioning is switched off here.
func (c *call) replaceIdP() error {
	if _, err := c.idp(); err != nil {
		return err
	}
	b, err := c.readIdPBody()
	if err != nil {
		return err
	}
	p, err := c.s.idps.change(c.id, func(p *IdentityProvider) error {
		if b.Type != p.Type {
			return refuse(validation, "type").because("type: The type of an identity provider cannot be changed")
		}
		p.Name, p.Protocol, p.Policy, p.LastUpdated = b.Name, b.Protocol, *b.Policy, c.s.now()
		return p.validate()
	})
	if err != nil {
		return err
	}
	c.log(eventIdPUpdate, nil, "SUCCESS", "", p.target())
	return c.sendJSON(c.idpDocument(&p))
}

func (c *call) deleteIdP() error {
	p, err := c.idp()
	if err != nil {
		return err
	}
	links := c.s.idps.linksOf(p.ID)
	c.s.idps.remove(p.ID)
	for i := range links {
		if err := c.s.giveBack(&links[i]); err != nil {
			return err
		}
	}
	c.log(eventIdPDelete, nil, "SUCCESS", "", p.target())
	c.send(http.StatusNoContent, nil)
	return nil
}

func (c *call) switchIdP(on bool) error {
	if _, err := c.idp(); err != nil {
		return err
	}
	p, err := c.s.idps.change(c.id, func(p *IdentityProvider) error {
		p.Inactive, p.LastUpdated = !on, c.s.now()
		return nil
	})
	if err != nil {
		return err
	}
	kind := eventIdPActivate
	if !on {
		kind = eventIdPDeactivate
	}
	c.log(kind, nil, "SUCCESS", "", p.target())
	return c.sendJSON(c.idpDocument(&p))
}
