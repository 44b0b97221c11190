package sim

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-jose/go-jose/v4"

	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/ds"
	"github.com/seatrial/seatrial/sim/idcs"
	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/faults"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/okta"
)

// controlName is the control plane's name in [World.URL] and [World.ExternalURL].
const controlName = "control"

// World is a running rehearsal's surroundings. It is safe for concurrent use; it is started and stopped once.
type World struct {
	config      Config
	network     network.Network
	authority   *network.Authority
	idcs        *idcs.Server
	okta, spoke *okta.Server
	ds, ds2     *ds.Server
	replicas    *ds.Replicas // nil without ds2
	targets     []control.Simulator
	credentials credentials
	http        *http.Client
	between     *http.Client // from one simulator to another
	doors       []*door
	started     bool
}

// New builds a world on a network. Inside a testing/synctest bubble it must be built there, certificates being dated.
func New(c Config, n network.Network) (*World, error) {
	if len(c.Run) == 0 {
		c.Run = []string{IDCS}
	}
	credentials := made(&c)
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("world: %w", err)
	}
	authority, err := network.NewAuthority()
	if err != nil {
		return nil, fmt.Errorf("world: %w", err)
	}
	w := &World{
		config: c, network: n, authority: authority, credentials: credentials,
		http: network.Client(n, authority.Pool()), between: network.Client(n, authority.Pool()),
	}
	digester := secret.NewDigester(c.Seed.Stream("sim.digester").Bytes(32))
	records := journal.New(c.JournalCapacity, digester)
	if err := w.build(records, digester); err != nil {
		return nil, fmt.Errorf("world: %w", err)
	}
	plane, err := control.Handler(c.ControlToken, w.targets, records, control.WorldInfo{
		Seed: c.Seed, Version: c.Version, URL: w.ExternalURL,
	})
	if err != nil {
		return nil, fmt.Errorf("world: %w", err)
	}
	w.doors = append(w.doors, webDoor(c.ControlHost, &website{name: controlName, handler: plane}))
	return w, nil
}

// build makes the simulators that run, and their doors.
func (w *World) build(records *journal.Journal, digester *secret.Digester) (err error) {
	c := &w.config
	if c.runs(IDCS) {
		kernel := idcs.Kernel{Clock: new(clock.Clock), Seed: c.Seed, Journal: records, Digester: digester}
		if w.idcs, err = idcs.New(c.IDCS, kernel); err != nil {
			return err
		}
		w.add(w.idcs, records)
	}
	org := func(name string, config okta.Config) (*okta.Server, error) {
		return okta.New(config, okta.Kernel{
			Clock: new(clock.Clock), Seed: c.Seed, Journal: records, Digester: digester, Name: name, HTTP: w.between,
		})
	}
	if c.runs(Okta) {
		if w.okta, err = org(Okta, c.Okta); err != nil {
			return err
		}
		w.add(w.okta, records)
	}
	if c.runs(Spoke) {
		if w.spoke, err = org(Spoke, c.Spoke); err != nil {
			return err
		}
		w.add(w.spoke, records)
	}
	return w.buildDirectories(records, digester)
}

// add gives a simulator its door.
func (w *World) add(s interface {
	control.Simulator
	Host() string
	Handler() http.Handler
}, records *journal.Journal,
) {
	w.targets = append(w.targets, s)
	site := &website{name: s.Name(), handler: s.Handler(), secure: func(c *tls.Config, own *network.Certificates) *tls.Config {
		return s.Faults().Secure(c, faults.Handshakes{Certificates: own, Journal: records, Target: s.Name()})
	}}
	w.doors = append(w.doors, webDoor(s.Host(), site))
}

func webDoor(host string, site *website) *door {
	return &door{name: site.name, scheme: "https", host: host, service: site}
}

// worker is a simulator that does something of its own accord.
type worker interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
}

// Start opens every door, and then lets the simulators work; when it returns, all of them listen. On an error none does.
func (w *World) Start(ctx context.Context) error {
	if w.started {
		return errors.New("world: it was started before: build another")
	}
	w.started = true
	for _, d := range w.doors {
		if err := w.open(ctx, d); err != nil {
			return errors.Join(fmt.Errorf("world: start %s: %w", d.name, err), w.Stop(ctx))
		}
	}
	for _, s := range w.targets {
		if s, ok := s.(worker); ok {
			// The context is that of the start; the work lasts until Stop.
			if err := s.Start(context.WithoutCancel(ctx)); err != nil {
				return errors.Join(fmt.Errorf("world: start: %w", err), w.Stop(ctx))
			}
		}
	}
	if w.replicas != nil {
		w.replicas.Start(context.WithoutCancel(ctx))
	}
	return nil
}

func (w *World) open(ctx context.Context, d *door) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	certificates, err := w.authority.Certificates(append([]string{d.host}, w.config.Names...)...)
	if err != nil {
		return err
	}
	listener, err := w.network.Listen(d.host)
	if err != nil {
		return err
	}
	d.open(context.WithoutCancel(ctx), listener, certificates) // the context is that of the start
	return nil
}

// Stop ends the simulators' own work and closes every door: new connections are refused, requests under way have a moment to
// end and are then cut. When it returns nil, nothing of the world runs any more.
func (w *World) Stop(ctx context.Context) error {
	if w.replicas != nil {
		w.replicas.Stop()
	}
	var all []error
	for _, s := range w.targets {
		if s, ok := s.(worker); ok {
			all = append(all, s.Stop(ctx))
		}
	}
	errs := make(chan error, len(w.doors))
	for _, d := range w.doors {
		go func() { errs <- d.close(ctx) }()
	}
	for range w.doors {
		all = append(all, <-errs)
	}
	w.http.CloseIdleConnections()
	w.between.CloseIdleConnections()
	return errors.Join(all...)
}

// URL is the address of a simulator or of "control" for whoever dials through the network: "https://host", of a directory
// "ldaps://host:1636". It is empty for a name that the world does not have.
func (w *World) URL(name string) string {
	if d := w.door(name, ""); d != nil {
		return d.scheme + "://" + d.host
	}
	return ""
}

// ExternalURL is the address of a simulator or of "control" for a stranger: "https://127.0.0.1:41234". It is empty before Start.
func (w *World) ExternalURL(name string) string { return w.external(w.door(name, "")) }

func (w *World) external(d *door) string {
	if d == nil {
		return ""
	}
	address := w.network.Address(d.host)
	if address == "" {
		return ""
	}
	return d.scheme + "://" + address
}

// door is the one of that name and scheme, the first of them when any scheme will do.
func (w *World) door(name, scheme string) *door {
	for _, d := range w.doors {
		if d.name == name && (scheme == "" || d.scheme == scheme) {
			return d
		}
	}
	return nil
}

// Authority is the CA of every certificate in the world.
func (w *World) Authority() *network.Authority { return w.authority }

// Network is where the world's hosts are reached.
func (w *World) Network() network.Network { return w.network }

// Target is the simulator of that name as the control plane sees it; nil when it does not run.
func (w *World) Target(name string) control.Simulator {
	for _, s := range w.targets {
		if s.Name() == name {
			return s
		}
	}
	return nil
}

// IDCS is the identity domain; nil when it does not run.
func (w *World) IDCS() *idcs.Server { return w.idcs }

// Okta is the org that passwords are synchronised to; nil when it does not run.
func (w *World) Okta() *okta.Server { return w.okta }

// Spoke is the org whose users are pushed to the other; nil when it does not run.
func (w *World) Spoke() *okta.Server { return w.spoke }

// ControlToken opens the control plane.
func (w *World) ControlToken() secret.Value { return w.config.ControlToken }

// ClientID is the OAuth client of the identity domain that the engine under trial uses: the first of the configuration.
func (w *World) ClientID() string { return w.credentials.client.ID }

// ClientSecret is that client's secret.
func (w *World) ClientSecret() secret.Value { return w.credentials.client.Secret }

// OktaToken is the API token of the hub that the engine under trial uses: the first of the configuration.
func (w *World) OktaToken() secret.Value { return w.credentials.oktaToken.Value }

// OktaClient is the service application of the hub that the engine under trial uses: the first of the configuration, and its
// private key, which is empty when the configuration brought the public one.
func (w *World) OktaClient() (id string, key jose.JSONWebKey) {
	return w.credentials.application.ID, w.credentials.key
}

// SpokeToken is an API token of the spoke: the first of the configuration.
func (w *World) SpokeToken() secret.Value { return w.credentials.spoke.Value }

// HTTPClient reaches every host of the world and trusts its certificates.
func (w *World) HTTPClient() *http.Client { return w.http }

// Control is a client of the world's control plane.
func (w *World) Control() *control.Client {
	return control.NewClient(w.URL(controlName)+"/graphql", w.config.ControlToken, w.http)
}
