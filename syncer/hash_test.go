package syncer

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/source/hook"
	"github.com/seatrial/seatrial/syncer/target"
)

const aHash = "{PBKDF2-HMAC-SHA256}10:QVUIuOTQDPy1XbuJFLgLv5538zNhj4+Wu75v8RBoTg4AAQIDBAUGBwgJCgsMDQ4P"

func TestAHashIsSealedParkedAndReplayedAsAHash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Add("a")
		r.start()
		receipt, err := r.engine.Accept(t.Context(), hook.Change{TransactionID: "ldap-1", UserName: "a", Hash: seal.Secret(aHash)})
		require.NoError(t, err)
		r.settled(1, time.Minute)
		s := r.status(receipt.ID)
		assert.Equal(t, hook.Parked, s.State)
		assert.Equal(t, string(target.Hashed), s.Reason)
		status, _ := r.replay(receipt.ID)
		require.Equal(t, 202, status)
		r.settled(2, time.Minute)
		assert.Equal(t, string(target.Hashed), r.status(receipt.ID).Reason)
		for _, e := range r.domain.Log() {
			assert.NotContains(t, []string{"create", "write"}, e.Call, "the user exists")
		}
		again, err := r.engine.Accept(t.Context(), hook.Change{TransactionID: "ldap-1", UserName: "A", Hash: seal.Secret(aHash)})
		require.NoError(t, err)
		assert.Equal(t, receipt.ID, again.ID, "the same change")

		assert.NotContains(t, r.logs.String()+r.metrics(), aHash[30:])
		require.NoError(t, filepath.WalkDir(filepath.Dir(r.config.Audit), func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				var text []byte
				text, err = os.ReadFile(path)
				assert.NotContains(t, string(text), aHash[30:], path)
			}
			return err
		}))
		r.close()
	})
}

func TestASealedHashDoesNotOpenAsAPassword(t *testing.T) {
	keys, err := seal.Open(seal.Config{KeyFile: filepath.Join(t.TempDir(), "key"), Generate: true})
	require.NoError(t, err)
	r := record{ID: "id", UserName: "a"}
	require.NoError(t, r.seal(keys, nil, seal.Secret(aHash)))
	password, hash, err := r.open(keys)
	require.NoError(t, err)
	assert.Empty(t, password)
	assert.Equal(t, aHash, string(hash))

	data, err := r.encode()
	require.NoError(t, err)
	assert.NotContains(t, string(data), `"password"`)
	back, err := decodeRecord(data)
	require.NoError(t, err)
	back.Password, back.Hash = back.Hash, seal.Box{}
	_, _, err = back.open(keys)
	require.ErrorIs(t, err, seal.ErrMismatch)
}

func TestADryRunPlansHashes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.config.DryRun = true
		r.domain.Add("a")
		r.start()
		_, err := r.engine.Accept(context.Background(), hook.Change{UserName: "a", Hash: seal.Secret(aHash)})
		require.NoError(t, err)
		r.settled(1, time.Minute)
		assert.Equal(t, map[string]int{"park: hashed": 1}, r.engine.Plans())
		r.close()
	})
}
