package sim

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/idcs"
	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/oauth"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// controlName is the control plane's name in [World.URL] and [World.ExternalURL].
const controlName = "control"

// World is a running rehearsal's surroundings. It is safe for concurrent use; it is started and stopped once.
type World struct {
	config    Config
	network   network.Network
	authority *network.Authority
	idcs      *idcs.Server
	client    oauth.Client
	http      *http.Client
	doors     []*door
	started   bool
}

// New builds a world on a network. Inside a testing/synctest bubble it must be built there, certificates being dated.
func New(c Config, n network.Network) (*World, error) {
	if len(c.IDCS.Clients) == 0 {
		client := idcs.DefaultClient()
		client.Secret = secret.New(c.Seed.Stream("sim.client-secret").Hex(40))
		c.IDCS.Clients = []oauth.Client{client}
	}
	if c.ControlToken.Empty() {
		c.ControlToken = secret.New(c.Seed.Stream("sim.control-token").Hex(40))
	}
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("world: %w", err)
	}
	authority, err := network.NewAuthority()
	if err != nil {
		return nil, fmt.Errorf("world: %w", err)
	}
	digester := secret.NewDigester(c.Seed.Stream("sim.digester").Bytes(32))
	records := journal.New(c.JournalCapacity, digester)
	domain, err := idcs.New(c.IDCS, idcs.Kernel{Clock: new(clock.Clock), Seed: c.Seed, Journal: records, Digester: digester})
	if err != nil {
		return nil, fmt.Errorf("world: %w", err)
	}
	w := &World{
		config: c, network: n, authority: authority, idcs: domain, client: c.IDCS.Clients[0],
		http: network.Client(n, authority.Pool()),
	}
	plane, err := control.Handler(c.ControlToken, []control.Simulator{domain}, records, control.WorldInfo{
		Seed: c.Seed, Version: c.Version, URL: w.ExternalURL,
	})
	if err != nil {
		return nil, fmt.Errorf("world: %w", err)
	}
	w.doors = []*door{
		{name: domain.Name(), host: domain.Host(), handler: domain.Handler()},
		{name: controlName, host: c.ControlHost, handler: plane},
	}
	return w, nil
}

// Start opens every door; when it returns, all of them listen. On an error none does.
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
	return nil
}

func (w *World) open(ctx context.Context, d *door) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	certificate, err := w.authority.Certificate(append([]string{d.host}, w.config.Names...)...)
	if err != nil {
		return err
	}
	listener, err := w.network.Listen(d.host)
	if err != nil {
		return err
	}
	d.open(context.WithoutCancel(ctx), listener, certificate) // the context is that of the start
	return nil
}

// Stop closes every door: new connections are refused, requests under way have a moment to end and are then cut. When it
// returns nil, nothing of the world runs any more.
func (w *World) Stop(ctx context.Context) error {
	errs := make(chan error, len(w.doors))
	for _, d := range w.doors {
		go func() { errs <- d.close(ctx) }()
	}
	var all []error
	for range w.doors {
		all = append(all, <-errs)
	}
	w.http.CloseIdleConnections()
	return errors.Join(all...)
}

// URL is the address of "idcs" or "control" for whoever dials through the network: "https://host". It is empty for a name
// that the world does not have.
func (w *World) URL(name string) string {
	for _, d := range w.doors {
		if d.name == name {
			return "https://" + d.host
		}
	}
	return ""
}

// ExternalURL is the address of "idcs" or "control" for a stranger: "https://127.0.0.1:41234". It is empty before Start.
func (w *World) ExternalURL(name string) string {
	for _, d := range w.doors {
		if d.name == name {
			if address := w.network.Address(d.host); address != "" {
				return "https://" + address
			}
		}
	}
	return ""
}

// Authority is the CA of every certificate in the world.
func (w *World) Authority() *network.Authority { return w.authority }

// Network is where the world's hosts are reached.
func (w *World) Network() network.Network { return w.network }

// IDCS is the identity domain.
func (w *World) IDCS() *idcs.Server { return w.idcs }

// ControlToken opens the control plane.
func (w *World) ControlToken() secret.Value { return w.config.ControlToken }

// ClientID is the OAuth client that the engine under trial uses: the first of the configuration.
func (w *World) ClientID() string { return w.client.ID }

// ClientSecret is that client's secret.
func (w *World) ClientSecret() secret.Value { return w.client.Secret }

// HTTPClient reaches every host of the world and trusts its certificates.
func (w *World) HTTPClient() *http.Client { return w.http }

// Control is a client of the world's control plane.
func (w *World) Control() *control.Client {
	return control.NewClient(w.URL(controlName)+"/graphql", w.config.ControlToken, w.http)
}
