package faults

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/network"
)

func TestAnAnswerThatIsCut(t *testing.T) {
	for name, tt := range map[string]struct {
		after int
		want  string
	}{
		"before its body": {0, ""}, "in the middle": {4, "writ"}, "at its very end": {7, "written"}, "beyond": {70, "written"},
	} {
		t.Run(name, func(t *testing.T) {
			test := func(t *testing.T, p *place) {
				t.Helper()
				id := p.force(t, Rule{Kind: KindCut, After: tt.after, Trigger: Trigger{First: 1}})
				got, err := p.patch(t.Context())
				require.ErrorIs(t, err, io.ErrUnexpectedEOF)
				assert.Equal(t, []any{200, tt.want}, []any{got.status, got.body}, "what was sent before the cut arrives")
				e := p.last(t)
				assert.Equal(t, []string{id}, e.Faults)
				assert.Equal(t, 200, e.Status)
				assert.True(t, e.Lost)
				assert.Equal(t, int64(1), p.applied.Load(), "it is carried out")
				_, err = p.patch(t.Context())
				require.NoError(t, err)
			}
			t.Run("memory", func(t *testing.T) { world(t, test) })
			t.Run("tcp", func(t *testing.T) { test(t, open(t, network.TCP(""))) })
		})
	}
}

func TestAnAnswerThatStalls(t *testing.T) {
	t.Run("until the client goes", func(t *testing.T) {
		world(t, func(t *testing.T, p *place) {
			p.force(t, Rule{Kind: KindStall, After: 4})
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			got, err := p.patch(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, []any{"writ", time.Hour}, []any{got.body, got.took})
			synctest.Wait()
			assert.True(t, p.last(t).Lost)
			assert.Equal(t, int64(1), p.applied.Load())
		})
	})
	t.Run("until the rule goes", func(t *testing.T) {
		world(t, func(t *testing.T, p *place) {
			id := p.force(t, Rule{Kind: KindStall})
			time.AfterFunc(time.Hour, func() { p.set.Remove(id) })
			got, err := p.patch(t.Context())
			require.NoError(t, err)
			assert.Equal(t, []any{"written", time.Hour}, []any{got.body, got.took})
			assert.False(t, p.last(t).Lost)
		})
	})
	t.Run("without a body", func(t *testing.T) {
		world(t, func(t *testing.T, p *place) {
			p.force(t, Rule{Kind: KindStall})
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+host+"/Users", http.NoBody)
			require.NoError(t, err)
			response, err := p.client.Do(request)
			require.NoError(t, err, "the headers are there")
			_, err = io.ReadAll(response.Body)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.NoError(t, response.Body.Close())
			synctest.Wait()
		})
	})
}

func TestAnAnswerThatTrickles(t *testing.T) {
	for name, tt := range map[string]struct {
		rate float64
		took time.Duration // of 7 bytes
	}{
		"half a byte a second": {0.5, 14 * time.Second}, "seven": {7, time.Second}, "thirty": {30, 300 * time.Millisecond}, "a megabyte": {1e6, 100 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			world(t, func(t *testing.T, p *place) {
				p.force(t, Rule{Kind: KindDrip, Rate: tt.rate})
				got, err := p.patch(t.Context())
				require.NoError(t, err)
				assert.Equal(t, "written", got.body)
				assert.InDelta(t, float64(tt.took), float64(got.took), float64(time.Millisecond))
				assert.False(t, p.last(t).Lost)
			})
		})
	}
	t.Run("until the client goes", func(t *testing.T) {
		world(t, func(t *testing.T, p *place) {
			p.force(t, Rule{Kind: KindDrip, Rate: 1})
			ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
			defer cancel()
			got, err := p.patch(ctx)
			require.True(t, errors.Is(err, context.DeadlineExceeded), "%v", err)
			assert.Equal(t, "writ", got.body)
			synctest.Wait()
			assert.True(t, p.last(t).Lost)
		})
	})
}
