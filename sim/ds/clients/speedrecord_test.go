package clients

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// speed is what make ldap-speed measured: operations a second, medians of speedRounds turns.
type speed struct {
	Users int    `json:"users"`
	What  string `json:"what"`
	Sim   int    `json:"simPerSecond"`
	Slapd int    `json:"slapdPerSecond"`
}

func (s speed) ratio() float64 { return float64(s.Sim) / float64(s.Slapd) }

// row is a line of the table in sim/README.md.
func (s speed) row() string {
	return fmt.Sprintf("| %d | %s | %d | %d | %.2f |\n", s.Users, s.What, s.Sim, s.Slapd, s.ratio())
}

var speedPath = filepath.Join("testdata", "speed.json")

func writeSpeeds(t *testing.T, all []speed) {
	t.Helper()
	text, err := json.MarshalIndent(all, "", "  ")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(speedPath, append(text, '\n'), 0o600))
}

func readSpeeds(t *testing.T) (all []speed) {
	t.Helper()
	text, err := os.ReadFile(speedPath)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &all))
	return all
}

// floors are how fast sim/ds must be beside slapd, whatever the number of users.
var floors = map[string]float64{"bind": 1.4, "search": 1.0, "mixed": 1.0}

// TestSpeedRecord holds the record of make ldap-speed to the floors, and sim/README.md to the record.
func TestSpeedRecord(t *testing.T) {
	var cells []string
	var table strings.Builder
	for _, s := range readSpeeds(t) {
		cells = append(cells, fmt.Sprint(s.Users, " ", s.What))
		assert.GreaterOrEqual(t, s.ratio(), floors[s.What], "%+v", s)
		table.WriteString(s.row())
	}
	assert.Equal(t, []string{"1000 bind", "1000 search", "1000 mixed", "100000 bind", "100000 search", "100000 mixed"}, cells)
	assert.Contains(t, readme(t), "|---:|---|---:|---:|---:|\n"+table.String()+"\n", "sim/README.md: the table of speeds")
}

// TestREADMETellsHowManyBytesAgree counts what sim/README.md says of testdata/raw.txt.
func TestREADMETellsHowManyBytesAgree(t *testing.T) {
	_, cases := readRaw(t)
	same := map[string]int{}
	for _, c := range cases {
		for _, server := range rawServers[1:] {
			if c.reactions[server] == c.reactions["sim/ds"] {
				same[server]++
			}
		}
	}
	assert.Contains(t, readme(t), fmt.Sprintf("%d connections", len(cases)))
	assert.Contains(t, readme(t), fmt.Sprintf("slapd does the same in %d, 389-ds in %d", same["slapd"], same["389-ds"]))
}

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	require.NoError(t, err)
	return string(text)
}
