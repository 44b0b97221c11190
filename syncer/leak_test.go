package syncer

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/target"
)

// encodings are the forms in which a secret could show.
func encodings(secret string) [][]byte {
	quoted, _ := json.Marshal(secret) //nolint:errchkjson // A string always marshals.
	var plain bytes.Buffer            // As slog does it: without the escapes for HTML.
	e := json.NewEncoder(&plain)
	e.SetEscapeHTML(false)
	_ = e.Encode(secret) //nolint:errchkjson // A string always encodes.
	return [][]byte{
		[]byte(secret), quoted[1 : len(quoted)-1], bytes.Trim(plain.Bytes(), "\"\n"), []byte(url.QueryEscape(secret)), []byte(url.PathEscape(secret)),
		[]byte(hex.EncodeToString([]byte(secret))), []byte(strings.ToUpper(hex.EncodeToString([]byte(secret)))),
		[]byte(strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(secret)), "=")),
		[]byte(strings.TrimRight(base64.URLEncoding.EncodeToString([]byte(secret)), "=")),
		fmt.Append(nil, []byte(secret)),
	}
}

func TestNoPasswordShowsAnywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Policy = func(user, password string) string {
			if user == "policy" {
				return "The password " + password + " must have at least 99 characters." // A target that echoes.
			}
			return ""
		}
		troubles := map[string]*step{
			"fine": nil, "down": {Status: 503}, "cut": {Cut: true}, "lost": {Lose: true}, "hang": {Hang: true}, "denied": {Status: 401, HTML: true},
			"odd": {Status: 400, Message: "no id at all"}, "policy": nil, "limit": {Status: 429}, "forbidden": {Status: 403},
		}
		r.domain.Script = func(call string, _ int, user string) *step {
			if call == "write" {
				return troubles[user]
			}
			return nil
		}
		r.config.Rounds = 1
		r.start()
		secrets := []string{hookToken, r.domain.ClientSecret}
		for user := range troubles {
			r.domain.Add(user)
			secret := `C4n4ry-` + user + ` "ü&\+/`
			secrets = append(secrets, secret, "C4n4ry-"+user)
			r.submit(user, secret)
		}
		r.submit("missing", secrets[2])
		for _, body := range []string{
			`{"userName":"x","password":"C4nary-in-a-broken-body"`, `{"userName":"","password":"C4nary-in-a-broken-body"}`,
			`{"userName":"x","password":"C4nary-in-a-broken-body","password":"C4nary-in-a-broken-body"}`,
		} {
			status, answer, _ := r.send("POST", "/v1/changes", []byte(body))
			assert.Equal(t, 400, status)
			assert.NotContains(t, string(answer), "C4nary")
		}
		secrets = append(secrets, "C4nary-in-a-broken-body")
		r.settled(len(troubles)+1, 3*time.Hour)

		places := map[string][]byte{"metrics": []byte(r.metrics())}
		_, places["outcomes"], _ = r.request("GET", "/v1/outcomes", nil)
		r.close()
		places["log"] = []byte(r.logs.String())
		dir := filepath.Dir(r.config.Audit)
		require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			require.NoError(t, err)
			if d.Type().IsRegular() {
				places[path], err = os.ReadFile(path)
			}
			return err
		}))
		assert.Greater(t, len(places), 5, "queue files among them")
		for place, data := range places {
			for i, secret := range secrets {
				for form, text := range encodings(secret) {
					assert.False(t, bytes.Contains(data, text), "%s holds secret %d in form %d", place, i, form)
				}
			}
		}
		for _, e := range r.domain.Log() {
			assert.NotContains(t, e.Path, "C4n", "a URL")
		}
	})
}

func TestTheSearchFindsWhatIsThere(t *testing.T) {
	secret := `C4n4ry "ü&\+/`
	var log buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "y", secret)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "y", []byte(secret))
	found := 0
	for _, text := range encodings(secret) {
		if strings.Contains(log.String(), string(text)) {
			found++
		}
	}
	assert.GreaterOrEqual(t, found, 1)
}

// keeper is a target that keeps what it is given.
type keeper struct {
	target.Target

	passwords []seal.Secret
}

func (k *keeper) Name() string { return "idcs" }
func (k *keeper) Close()       {}

func (k *keeper) KeepWarm(context.Context) {}
func (k *keeper) Apply(_ context.Context, j target.Job) target.Answer {
	k.passwords = append(k.passwords, j.Password)
	return target.Answer{Class: target.Applied}
}

func TestThePasswordIsWipedAfterUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.start()
		synctest.Wait() // What the start has begun is over.
		k := &keeper{}
		r.engine.target.Close()
		r.engine.target = k
		r.submit("a", "Password-1")
		r.settled(1, time.Second)
		require.Len(t, k.passwords, 1)
		assert.Equal(t, make([]byte, len("Password-1")), []byte(k.passwords[0]))
		r.close()
	})
}

func TestTheLogSpeaksOncePerChangeOfReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		for i := range 50 {
			r.domain.Add(fmt.Sprint("user-", i))
		}
		r.domain.Script = until(time.Now().Add(30*time.Second), step{Status: 503})
		r.start()
		for i := range 50 {
			r.submit(fmt.Sprint("user-", i), "Password-1")
		}
		r.settled(50, time.Hour)
		log := r.logs.String()
		assert.Equal(t, 1, strings.Count(log, `"msg":"attempts fail"`))
		assert.Equal(t, 1, strings.Count(log, `"msg":"the target is down; changes wait"`))
		assert.Equal(t, 1, strings.Count(log, `"msg":"the target is back"`))
		assert.Equal(t, 1, strings.Count(log, `"msg":"changes are applied again"`))
		r.close()
	})
}
