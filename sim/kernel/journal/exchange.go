package journal

import (
	"context"
	"time"
)

// Begin opens an exchange of a protocol that Wrap does not know, and puts it into the context. Whoever begins it fills in the
// method, the path and the status, and ends it.
func (j *Journal) Begin(ctx context.Context, target string, p Protocol) (context.Context, *Exchange) {
	x := &Exchange{open: true}
	x.Target, x.Protocol, x.Received = target, p, time.Now()
	return context.WithValue(ctx, exchangeKey{}, x), x
}

// End records what Begin has opened, without its secrets, and then runs what was put off until here (AfterRecord). Nobody may
// write the exchange afterwards.
func (j *Journal) End(x *Exchange) {
	x.Answered = time.Now()
	m := newMasker(x.secrets)
	x.Path = clip(m.text(x.Path, false))
	x.Query = clip(m.text(x.Query, false))
	x.Surprise = clip(m.text(x.Surprise, false))
	after := x.after
	x.secrets, x.after, x.open = nil, nil, false
	j.record(&x.Entry)
	for _, f := range after {
		f()
	}
}
