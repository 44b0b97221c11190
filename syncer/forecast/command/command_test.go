package command_test

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seatrial/seatrial/syncer/forecast/command"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run executes one command line and returns what it printed and its exit code.
func run(t *testing.T, arguments ...string) (out, notes string, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c := command.Command()
	c.SilenceErrors, c.SilenceUsage = true, true
	c.SetArgs(arguments)
	c.SetOut(&stdout)
	c.SetErr(&stderr)
	err := c.ExecuteContext(t.Context())
	if err != nil {
		code = -1
		var coded interface{ ExitCode() int }
		if errors.As(err, &coded) {
			code = coded.ExitCode()
		}
		stderr.WriteString(err.Error())
	}
	return stdout.String(), stderr.String(), code
}

// file writes a file and returns its path.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

const (
	byDefault = "../testdata/default"
	aligned   = "../testdata/aligned"
)

func TestGapsOnTheTerminal(t *testing.T) {
	t.Parallel()
	target := file(t, "policy.json", `{"name":"strict","minLength":12,"minSpecialChars":1,"numPasswordsInHistory":4}`)
	out, notes, code := run(t, "--idm-conf", byDefault, "--target-policy", target)
	assert.Equal(t, 1, code)
	assert.Empty(t, notes)
	for _, want := range []string{
		"Source  IDM, password of managed/user\n", "Target  strict\n", "2 gaps: the source accepts what the target refuses\n",
		"  minLength        8 are enough       at least 12 characters        calmhr2(\n",
		"  minSpecialChars  none is asked for  at least 1 special character  Wcalmhrboue2\n",
		`    {"policyId": "minimum-length", "params": {"minLength":12}}` + "\n",
		"Cannot be compared\n  numPasswordsInHistory: the target refuses the last 4 passwords; the source keeps none",
		"  cannot be known: it depends on what people choose;",
	} {
		assert.Contains(t, out, want)
	}
	out, _, code = run(t, "--idm-conf", aligned, "--target-policy", file(t, "policy.json", `{"minLength":12,"maxLength":40,"maxRepeatedChars":2}`))
	assert.Zero(t, code, out)
	assert.Contains(t, out, "No gap: what the source accepts, these rules accept.")
	assert.Contains(t, out, "by these rules none")
}

func TestSourceByFlags(t *testing.T) {
	t.Parallel()
	target := file(t, "policy.json", `{"minLength":12,"minNumerals":1}`)
	out, _, code := run(t, "--source-min-length", "12", "--source-numbers", "2", "--source-not-containing", "userName", "--target-policy", target)
	assert.Zero(t, code, out)
	out, _, code = run(t, "--idm-conf", byDefault, "--source-min-length", "14", "--target-policy", target)
	assert.Zero(t, code, "the flag is laid over the folder: %s", out)
	_, _, code = run(t, "--source-regexp", `^.{11,}$`, "--target-policy", target)
	assert.Equal(t, 1, code)
}

func TestJSON(t *testing.T) {
	t.Parallel()
	out, _, code := run(t, "--idm-conf", byDefault, "--target-policy", "../testdata/domain.json", "--json",
		"--users", file(t, "users.csv", "uid,sn,groups\nann,Langstrumpf,Contractors\nbo,Li,\n"),
		"--statistics", file(t, "s.csv", "length,lower,upper,digit,special,count\n8,6,1,1,0,30\n13,10,1,1,1,70\n"))
	assert.Equal(t, 1, code)
	var report struct {
		Targets []struct {
			Name      string
			Groups    []string
			Gaps      []struct{ Rule, Witness string }
			Concerned struct{ Users int }
			Share     struct {
				Low, High float64
				Unknown   []string
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.Len(t, report.Targets, 3)
	assert.Equal(t, "contractors", report.Targets[2].Name)
	assert.Equal(t, []string{"Contractors"}, report.Targets[2].Groups)
	assert.Equal(t, 1, report.Targets[2].Concerned.Users)
	assert.InDelta(t, 1, report.Targets[2].Share.Low, 1e-9, "all of them are shorter than 14")
	assert.Len(t, report.Targets[0].Gaps, 5)
	assert.InDelta(t, 0.3, report.Targets[0].Share.Low, 1e-9)
	assert.InDelta(t, 1, report.Targets[0].Share.High, 1e-9, "runs are not counted")
	assert.NotEmpty(t, report.Targets[0].Share.Unknown)
}

func TestFixCanBeUsed(t *testing.T) {
	t.Parallel()
	out, notes, code := run(t, "--idm-conf", byDefault, "--target-policy", "../testdata/domain.json", "--fix")
	assert.Equal(t, 1, code)
	assert.Empty(t, notes)
	var fix struct{ Policies json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(out), &fix))
	folder := filepath.Join(t.TempDir(), "conf")
	require.NoError(t, os.MkdirAll(folder, 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "managed.json"),
		[]byte(`{"objects":[{"name":"user","schema":{"properties":{"password":{"policies":`+string(fix.Policies)+`}}}}]}`), 0o600))
	out, _, code = run(t, "--idm-conf", filepath.Dir(folder), "--target-policy", "../testdata/domain.json")
	assert.Zero(t, code, out)

	_, notes, code = run(t, "--idm-conf", byDefault, "--fix", "--target-policy", file(t, "policy.json", `{"userNameDisallowed":true}`))
	assert.Equal(t, 1, code)
	assert.Contains(t, notes, "still open: userNameDisallowed: compare in any case by a policy of your own")
}

func TestEstimateIsSaidToBeOne(t *testing.T) {
	t.Parallel()
	out, _, code := run(t, "--idm-conf", byDefault, "--target-policy", file(t, "policy.json", `{"minLength":12}`),
		"--passwords-like", "policy", "--samples", "300", "--habits", "extra=1", "--users", file(t, "u.ldif", "dn: uid=a\nuid: a\n"))
	assert.Equal(t, 1, code)
	for _, want := range []string{"estimated from 300 passwords", "assumed: people choose like this: 8 characters", "of the 1 users' next changes"} {
		assert.Contains(t, out, want)
	}
}

// domain answers as an identity domain does, as far as a forecast asks.
func domain(t *testing.T, validator int) (url, ca string) {
	t.Helper()
	mux := http.NewServeMux()
	say := func(w http.ResponseWriter, status int, body string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
	mux.HandleFunc("POST /oauth2/v1/token", func(w http.ResponseWriter, r *http.Request) {
		if id, secret, _ := r.BasicAuth(); id != "forecast" || secret != "s3cret" {
			say(w, http.StatusUnauthorized, `{"error":"invalid_client"}`)
			return
		}
		say(w, http.StatusOK, `{"access_token":"t","token_type":"Bearer","expires_in":3600}`)
	})
	mux.HandleFunc("GET /admin/v1/PasswordPolicies", func(w http.ResponseWriter, _ *http.Request) {
		say(w, http.StatusOK, `{"totalResults":1,"Resources":[{"id":"PasswordPolicy","name":"live","minLength":12}]}`)
	})
	mux.HandleFunc("POST /admin/v1/UserPasswordValidator", func(w http.ResponseWriter, _ *http.Request) {
		say(w, validator, `{"failedPasswordPolicyRules":[{"name":"minLength","value":"Too short."}]}`)
	})
	server := httptest.NewTLSServer(mux)
	t.Cleanup(server.Close)
	ca = file(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	return server.URL, ca
}

func TestTheDomainItself(t *testing.T) {
	t.Parallel()
	secret := file(t, "secret", "s3cret\n")
	url, ca := domain(t, http.StatusCreated)
	out, notes, code := run(t, "--idm-conf", byDefault, "--target-url", url, "--client-id", "forecast", "--client-secret-file", secret, "--ca-file", ca, "--validate")
	assert.Equal(t, 1, code, notes)
	assert.Contains(t, out, "Target  live\n")
	assert.Contains(t, out, "minLength: the domain says: refused: Too short.")

	config := file(t, "sync.yaml", "idcs:\n  url: "+url+"\n  caFile: "+ca+"\n  clientId: forecast\n  clientSecretFile: "+secret+"\n")
	out, notes, code = run(t, "--idm-conf", byDefault, "--config", config)
	assert.Equal(t, 1, code, notes)
	assert.Contains(t, out, "Target  live\n")

	url, ca = domain(t, http.StatusForbidden)
	out, _, code = run(t, "--idm-conf", byDefault, "--target-url", url, "--client-id", "forecast", "--client-secret-file", secret, "--ca-file", ca, "--validate")
	assert.Equal(t, 1, code)
	assert.Contains(t, out, "The domain was not asked: the domain does not judge passwords for this client")

	_, notes, code = run(t, "--idm-conf", byDefault, "--target-url", url, "--client-id", "other", "--client-secret-file", secret, "--ca-file", ca)
	assert.Equal(t, 3, code)
	assert.Contains(t, notes, "invalid_client")
	assert.NotContains(t, notes, "s3cret")
}

func TestMistakesOfTheCaller(t *testing.T) {
	t.Parallel()
	target := file(t, "policy.json", `{"minLength":12}`)
	misspelt := file(t, "misspelt.json", `{"minLenght":12}`)
	config := file(t, "sync.yaml", "idcs:\n  url: nowhere\n")
	for _, c := range []struct {
		arguments, want string
		code            int
	}{
		{"--target-policy " + target, "the source is missing: --idm-conf", 2},
		{"--idm-conf " + byDefault, "the target is missing: --target-policy", 2},
		{"--idm-conf nowhere --target-policy " + target, "--idm-conf: stat nowhere", 2},
		{"--idm-conf " + t.TempDir() + " --target-policy " + target, "it has no folder conf", 2},
		{"--idm-conf " + byDefault + " --target-policy nowhere.json", "--target-policy: open nowhere.json", 2},
		{"--idm-conf " + byDefault + " --target-policy " + misspelt, `minLenght: no such attribute; did you mean "minLength"?`, 2},
		{"--idm-conf " + byDefault + " --target-policy " + target + " --config x", "name one target each", 2},
		{"--idm-conf " + byDefault + " --target-policy " + target + " --client-id x", "belong to --target-url", 2},
		{"--idm-conf " + byDefault + " --target-policy " + target + " --validate", "--validate asks the domain", 2},
		{"--idm-conf " + byDefault + " --target-policy " + target + " --json --fix", "--json and --fix", 2},
		{"--idm-conf " + byDefault + " --target-policy " + target + " --passwords-like mine", `there is only "policy"`, 2},
		{"--idm-conf " + byDefault + " --target-policy " + target + " --passwords-like policy --habits x=1", "--habits:", 2},
		{"--idm-conf " + byDefault + " --target-policy " + target + " --passwords-like policy --samples 5", "--samples: 5 is not within", 2},
		{"--idm-conf " + byDefault + " --target-policy " + target + " --passwords-like policy --statistics x", "give one of them", 2},
		{"--idm-conf " + byDefault + " --target-policy " + target + " --statistics nowhere", "--statistics: open nowhere", 2},
		{"--idm-conf " + byDefault + " --target-policy " + target + " --users " + target, "--users: ", 2},
		{"--idm-conf " + byDefault + " --target-url https://x", "--target-url needs --client-id", 2},
		{"--idm-conf " + byDefault + " --target-url x --client-id c --client-secret-file " + target, "target: url:", 2},
		{"--idm-conf " + byDefault + " --config " + config, "sync.yaml:2:8: idcs.url:", 2},
		{"--source-min-length -1 --target-policy " + target, "--source-min-length: -1 is below 0", 2},
		{"--source-min-length 12 --source-max-length 4 --target-policy " + target, "no password satisfies it", 3},
	} {
		out, notes, code := run(t, strings.Fields(c.arguments)...)
		assert.Equal(t, c.code, code, c.arguments)
		assert.Contains(t, notes, c.want, c.arguments)
		assert.Empty(t, out, c.arguments)
	}
}
