package ldif_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seatrial/seatrial/sim/kernel/ldif"
)

func all(text string) (records []ldif.Record, err error) {
	r := ldif.NewReader("x.ldif", strings.NewReader(text))
	for {
		record, err := r.Record()
		if errors.Is(err, io.EOF) {
			return records, nil
		}
		if err != nil {
			return records, err
		}
		records = append(records, record)
	}
}

func TestRecords(t *testing.T) {
	got, err := all("# a comment\nversion: 1\n\ndn: dc=example\nobjectClass: top\ndc: example\nOBJECTCLASS: domain\n\n\n" +
		"dn:: Y249w6k=\r\nchangetype: add\r\ncn;lang-de:: w6k=\r\ndescription: two\r\n  lines\r\nempty:\r\n")
	require.NoError(t, err)
	assert.Equal(t, []ldif.Record{
		{DN: "dc=example", Number: 4, Attributes: []ldif.Values{
			{Description: "objectClass", Values: [][]byte{[]byte("top"), []byte("domain")}}, {Description: "dc", Values: [][]byte{[]byte("example")}},
		}},
		{DN: "cn=é", Number: 10, Attributes: []ldif.Values{
			{Description: "cn;lang-de", Values: [][]byte{[]byte("é")}},
			{Description: "description", Values: [][]byte{[]byte("two lines")}},
			{Description: "empty", Values: [][]byte{{}}},
		}},
	}, got)
}

func TestRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"version: 2\n":                                `x.ldif:1: LDIF version "2" is not known`,
		"cn: a\n":                                     `x.ldif:1: an entry starts with "dn:"`,
		"dn: a=b\nnothing\n":                          "x.ldif:2: the line has no colon",
		"dn: a=b\nc d: e\n":                           "x.ldif:2: what stands before the colon is not the name of an attribute",
		"dn: a=b\ncn:: %%\n":                          "x.ldif:2: the value after \"::\" is not base64",
		"dn: a=b\ncn:< file:///etc/passwd\n":          "x.ldif:2: cn has its value at a URL",
		"dn: a=b\ndn: c=d\n":                          "x.ldif:2: a second \"dn:\"",
		"dn: a=b\nchangetype: delete\n":               "x.ldif:2: changetype \"delete\" is refused",
		"\n continued\n":                              "x.ldif:2: the line continues another",
		"dn: " + strings.Repeat("x", 17<<20):          "x.ldif:1: the line is longer than 16 MiB",
		"dn: a=b\ncn: a\n\nversion: 1\n":              `x.ldif:4: an entry starts with "dn:"`,
		"dn:: %%\n":                                   "x.ldif:1: the value after",
		"dn: a=b\n" + strings.Repeat("y", 9) + ":< z": "x.ldif:2: yyyyyyyyy has its value at a URL",
	} {
		t.Run(text[:min(30, len(text))], func(t *testing.T) {
			_, err := all(text)
			require.ErrorContains(t, err, want)
		})
	}
}

// A value whose continuation has lost its space, or that was pasted over two lines, leaves its rest where a name is expected.
func TestErrorsShowNoValues(t *testing.T) {
	const canary = "Hokkaido-2026"
	for _, text := range []string{
		"dn: a=b\nuserPassword:\n" + canary + "\n", "dn: a=b\nuserPassword " + canary + "\n", "dn: a=b\nuserPassword:: %" + canary + "\n",
		"dn: a=b\n" + canary + " x: y\n", canary + ": x\n", "dn: a=b\ncn: a\n\n" + canary + ": x\n",
	} {
		_, err := all(text)
		require.Error(t, err, text)
		assert.NotContains(t, err.Error(), canary)
	}
}

func TestAppendIsReadBack(t *testing.T) {
	for value, want := range map[string]string{
		"plain": "a: plain\n", "": "a:\n", " led": "a:: IGxlZA==\n", "trailing ": "a:: dHJhaWxpbmcg\n", ":colon": "a:: OmNvbG9u\n",
		"<less": "a:: PGxlc3M=\n", "é": "a:: w6k=\n", "{SSHA}x": "a: {SSHA}x\n", "two\nlines": "a:: dHdvCmxpbmVz\n", "#": "a: #\n",
	} {
		assert.Equal(t, want, string(ldif.Append(nil, "a", []byte(value))))
	}
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.SliceOf(rapid.Byte()).Draw(t, "value")
		got, err := all("dn: a=b\n" + string(ldif.Append(nil, "cn", value)))
		require.NoError(t, err)
		require.True(t, bytes.Equal(value, got[0].Attributes[0].Values[0]))
	})
}

func FuzzRecords(f *testing.F) {
	f.Add("dn: a=b\ncn: c\n d\n\ndn:: YT1i\n")
	f.Add("version: 1\n#x\n y\ndn: a=b\ncn;x:: \n")
	f.Fuzz(func(t *testing.T, text string) {
		records, err := all(text)
		if err != nil {
			require.ErrorContains(t, err, "x.ldif:")
		}
		for _, r := range records {
			b := ldif.Append(nil, "dn", []byte(r.DN))
			for _, a := range r.Attributes {
				for _, v := range a.Values {
					b = ldif.Append(b, a.Description, v)
				}
			}
			again, err := all(string(b))
			require.NoError(t, err)
			require.Len(t, again, 1)
			again[0].Number = r.Number
			require.Equal(t, r, again[0], "writing and reading is the identity")
		}
	})
}
