package sut

import (
	"fmt"

	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/syncer"
)

// scope is what an integration asks of an identity domain: everything that its app roles allow.
const scope = "urn:opc:idm:__myscopes__"

// At is a place at a target of a world: where it is, and what lets a system in. At an org that is an API token or, by client, a
// service application.
func At(w *sim.World, target string, byClient bool) (Place, error) {
	p := Place{Network: w.Network(), Authority: w.Authority(), Target: target, URL: w.URL(target)}
	switch {
	case target != syncer.TargetOkta:
		p.ClientID, p.ClientSecret, p.Scope = w.ClientID(), w.ClientSecret(), scope
	case !byClient:
		p.OktaToken = w.OktaToken()
	default:
		id, key := w.OktaClient()
		text, err := key.MarshalJSON()
		if err != nil {
			return p, fmt.Errorf("the key of the engine's client: %w", err)
		}
		p.ClientID, p.ClientKey = id, secret.New(string(text))
	}
	return p, nil
}
