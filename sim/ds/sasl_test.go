package ds

import (
	"bufio"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"net"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/xdg-go/scram"

	"github.com/seatrial/seatrial/sim/ds/ber"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// saslRequest is one step of a SASL bind.
func saslRequest(id int64, mechanism, credentials string) []byte {
	return request(id, func(b []byte) []byte {
		b, at := ber.Open(b, ber.Application(0).Constructed())
		b = ber.AppendInteger(b, ber.Integer, 3)
		b = ber.AppendString(b, ber.OctetString, "")
		b, sasl := ber.Open(b, ber.Context(3).Constructed())
		b = ber.AppendString(b, ber.OctetString, mechanism)
		if credentials != "" {
			b = ber.AppendString(b, ber.OctetString, credentials)
		}
		return ber.Close(ber.Close(b, sasl), at)
	})
}

// step sends one step and returns the result and the server's credentials.
func step(t *testing.T, c net.Conn, in *bufio.Reader, id int64, mechanism, credentials string) (ldap.ResultCode, string) {
	t.Helper()
	write(t, c, saslRequest(id, mechanism, credentials))
	element, err := ber.ReadElement(in, 1<<20)
	require.NoError(t, err)
	message, err := ber.NewReader(element).Enter(ber.Sequence)
	require.NoError(t, err)
	got, err := message.Integer(ber.Integer)
	require.NoError(t, err)
	require.Equal(t, id, got)
	body, err := message.Enter(ber.Application(1).Constructed())
	require.NoError(t, err)
	number, err := body.Integer(ber.Enumerated)
	require.NoError(t, err)
	for range 2 {
		_, err = body.String(ber.OctetString)
		require.NoError(t, err)
	}
	if !body.More() {
		return ldap.ResultCode(number), ""
	}
	text, err := body.String(ber.Context(7))
	require.NoError(t, err)
	return ldap.ResultCode(number), text
}

func TestPlain(t *testing.T) {
	for name, tt := range map[string]struct {
		credentials string
		want        ldap.ResultCode
		path        string // in the journal: whose password it shall be
	}{
		"a name":                 {"\x00bjensen\x00" + hifa, ldap.Success, babs},
		"an authentication id":   {"\x00u:bjensen\x00" + hifa, ldap.Success, babs},
		"a DN":                   {"\x00dn:" + babs + "\x00" + hifa, ldap.Success, babs},
		"as oneself":             {"dn:" + babs + "\x00bjensen\x00" + hifa, ldap.Success, babs},
		"as somebody else":       {"u:kvaughan\x00bjensen\x00" + hifa, ldap.InvalidCredentials, ""},
		"a wrong password":       {"\x00bjensen\x00wrong", ldap.InvalidCredentials, babs},
		"an empty password":      {"\x00bjensen\x00", ldap.InvalidCredentials, ""},
		"an unknown name":        {"\x00nobody\x00" + hifa, ldap.InvalidCredentials, ""},
		"too few parts":          {"bjensen\x00" + hifa, ldap.InvalidCredentials, ""},
		"no credentials":         {"", ldap.InvalidCredentials, ""},
		"an empty authcid":       {"\x00\x00" + hifa, ldap.InvalidCredentials, ""},
		"a NUL in the password ": {"\x00bjensen\x00" + hifa + "\x00x", ldap.InvalidCredentials, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := open(t)
				c := h.dial(t)
				got, _ := step(t, c, bufio.NewReader(c), 1, "plain", tt.credentials)
				assert.Equal(t, tt.want, got)
				e := h.last(t)
				assert.Equal(t, []string{tt.path, "plain"}, []string{e.Path, e.Query})
				if tt.want == ldap.Success {
					assert.Equal(t, "bjensen", e.User)
					assert.Equal(t, h.Journal().Digest(secret.New(hifa)), e.Password)
				}
			})
		})
	}
}

func TestPlainHidesThePasswordEvenInAName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		h.fake.passwords[babs] = "People"
		c := h.dial(t)
		got, _ := step(t, c, bufio.NewReader(c), 1, saslPlain, "\x00bjensen\x00People")
		require.Equal(t, ldap.Success, got)
		assert.NotContains(t, h.last(t).Path, "People")
	})
}

func TestMechanismThatIsNotOffered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, func(c *Config, _ *Kernel) { c.Directory.Offers.SASLMechanisms = []string{saslExternal} })
		c := h.dial(t)
		got, _ := step(t, c, bufio.NewReader(c), 1, saslPlain, "\x00bjensen\x00"+hifa)
		assert.Equal(t, ldap.AuthMethodNotSupported, got)
	})
}

func TestSCRAM(t *testing.T) {
	for name, tt := range map[string]struct {
		user, password string
		mechanism      string
		first, second  ldap.ResultCode
		proofs         []bool
	}{
		"RFC 7677's user":    {"user", "pencil", saslSCRAM256, ldap.SASLBindInProgress, ldap.Success, []bool{true}},
		"a wrong password":   {"user", "pencils", saslSCRAM256, ldap.SASLBindInProgress, ldap.InvalidCredentials, []bool{false}},
		"nobody":             {"nobody", "pencil", saslSCRAM256, ldap.InvalidCredentials, 0, nil},
		"no SCRAM of theirs": {"bjensen", hifa, saslSCRAM256, ldap.InvalidCredentials, 0, nil},
		"another hash":       {"user", "pencil", saslSCRAM512, ldap.InvalidCredentials, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := open(t)
				c := h.dial(t)
				in := bufio.NewReader(c)
				client, err := scram.SHA256.NewClient(tt.user, tt.password, "")
				require.NoError(t, err)
				conversation := client.NewConversation()
				first, err := conversation.Step("")
				require.NoError(t, err)
				got, reply := step(t, c, in, 1, tt.mechanism, first)
				require.Equal(t, tt.first, got)
				if got == ldap.SASLBindInProgress {
					second, err := conversation.Step(reply)
					require.NoError(t, err)
					got, reply = step(t, c, in, 2, tt.mechanism, second)
					assert.Equal(t, tt.second, got)
				}
				if got == ldap.Success {
					_, err = conversation.Step(reply)
					require.NoError(t, err)
					assert.True(t, conversation.Valid(), "the server has proven itself too")
					assert.Equal(t, pencilDN, h.last(t).Path)
				}
				assert.Equal(t, tt.proofs, h.fake.proofs)
			})
		})
	}
}

func TestSCRAMIsEndedByAnotherOperation(t *testing.T) {
	for name, another := range map[string]func(t *testing.T, c net.Conn, in *bufio.Reader){
		"another operation": func(t *testing.T, c net.Conn, in *bufio.Reader) {
			t.Helper()
			write(t, c, extendedRequest(2, ldap.OIDWhoAmI, nil))
			replies(t, in, 1)
		},
		"another mechanism": func(t *testing.T, c net.Conn, in *bufio.Reader) {
			t.Helper()
			got, _ := step(t, c, in, 2, saslSCRAM512, "")
			require.Equal(t, ldap.SASLBindInProgress, got)
		},
	} {
		t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { endSCRAM(t, another) }) })
	}
}

func endSCRAM(t *testing.T, another func(t *testing.T, c net.Conn, in *bufio.Reader)) {
	t.Helper()
	h := open(t)
	c := h.dial(t)
	in := bufio.NewReader(c)
	client, err := scram.SHA256.NewClient("user", "pencil", "")
	require.NoError(t, err)
	conversation := client.NewConversation()
	first, err := conversation.Step("")
	require.NoError(t, err)
	_, reply := step(t, c, in, 1, saslSCRAM256, first)
	second, err := conversation.Step(reply)
	require.NoError(t, err)
	another(t, c, in)
	got, _ := step(t, c, in, 3, saslSCRAM256, second)
	assert.Equal(t, ldap.InvalidCredentials, got)
}

func TestUnknownMechanism(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		c := h.dial(t)
		got, _ := step(t, c, bufio.NewReader(c), 1, "GSSAPI", "x")
		assert.Equal(t, ldap.AuthMethodNotSupported, got)
		assert.Equal(t, "sasl", h.last(t).Query)
	})
}

func TestStoredSCRAMValues(t *testing.T) {
	stored, err := parseStored(pencil)
	require.NoError(t, err)
	assert.Equal(t, 4096, stored.Iters)
	assert.Len(t, stored.StoredKey, 32)
	for _, bad := range []string{"", "{SCRAM-SHA-256}", "{SCRAM-SHA-256}x:AA==$AA==:AA==", "{SCRAM-SHA-256}1:?$AA==:AA==", "{SCRAM-SHA-256}1:AA==$?:AA==", "{SCRAM-SHA-256}0:AA==$AA==:AA=="} {
		_, err := parseStored(bad)
		assert.Error(t, err, bad)
	}
}

func TestExternal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// The authority's certificates are for servers, so the test does not have them verified; a world that wants EXTERNAL does.
		h := open(t, func(_ *Config, k *Kernel) { k.ClientCAs, k.TLS.ClientAuth = nil, tls.RequestClientCert })
		h.fake.passwords["cn=seatrial simulator,o=seatrial"] = ""
		certificate, err := h.authority.Certificate("idm.test")
		require.NoError(t, err)
		for name, tt := range map[string]struct {
			certificates []tls.Certificate
			want         ldap.ResultCode
		}{
			"with a certificate": {[]tls.Certificate{certificate}, ldap.Success},
			"without":            {nil, ldap.InvalidCredentials},
		} {
			far, err := h.network.DialContext(t.Context(), "tcp", secureHost)
			require.NoError(t, err)
			config := h.clientTLS()
			config.Certificates = tt.certificates
			c := goldap.NewConn(tls.Client(far, config), true)
			c.Start()
			assert.Equal(t, tt.want, code(c.ExternalBind()), name)
			assert.Equal(t, tt.want == ldap.Success, h.last(t).Path == "cn=seatrial simulator,o=seatrial", name)
			require.NoError(t, c.Close())
		}
		far, err := h.network.DialContext(t.Context(), "tcp", secureHost)
		require.NoError(t, err)
		config := h.clientTLS()
		config.Certificates = []tls.Certificate{certificate}
		secured := tls.Client(far, config)
		got, _ := step(t, secured, bufio.NewReader(secured), 1, saslExternal, "u:bjensen")
		assert.Equal(t, ldap.InvalidCredentials, got, "as somebody else")
		require.NoError(t, secured.Close())
		c := h.client(t)
		assert.Equal(t, ldap.InvalidCredentials, code(c.ExternalBind()), "nobody shows a certificate in the clear")
	})
}

func TestStartTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		c := h.client(t)
		require.NoError(t, c.StartTLS(h.clientTLS()))
		assert.Equal(t, "start_tls", h.last(t).Operation)
		require.NoError(t, c.Bind(babs, hifa))
		err := c.StartTLS(h.clientTLS())
		assert.ErrorContains(t, err, "already encrypted", "go-ldap does not even ask")
		_, err = c.Extended(goldap.NewExtendedRequest(ldap.OIDStartTLS, nil))
		assert.Equal(t, ldap.OperationsError, code(err))
		who, err := c.WhoAmI(nil)
		require.NoError(t, err)
		assert.Equal(t, "dn:"+babs, who.AuthzID)
	})
}

func TestStartTLSWithoutCertificate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, func(_ *Config, k *Kernel) { k.TLS = nil })
		c := h.dial(t)
		write(t, c, extendedRequest(1, ldap.OIDStartTLS, nil))
		in := bufio.NewReader(c)
		_, got := codes(replies(t, in, 1))
		assert.Equal(t, []ldap.ResultCode{ldap.Unavailable}, got)
		write(t, c, bindRequest(2, hifa))
		_, got = codes(replies(t, in, 1))
		assert.Equal(t, []ldap.ResultCode{ldap.Success}, got, "the connection goes on in the clear, if the client wants that")
		assert.ErrorContains(t, h.ServeTLS(h.listener(t)), "without a certificate")
	})
}

func TestStartTLSAmongOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		h.fake.onSearch = forever
		c := h.dial(t)
		in := bufio.NewReader(c)
		write(t, c, searchRequest(1))
		synctest.Wait()
		write(t, c, extendedRequest(2, ldap.OIDStartTLS, nil))
		all := replies(t, in, 1)
		assert.Equal(t, ldap.OperationsError, all[0].code)

		half := h.dial(t)
		in = bufio.NewReader(half)
		got, _ := step(t, half, in, 1, saslSCRAM256, "n,,n=user,r=abc")
		require.Equal(t, ldap.SASLBindInProgress, got)
		write(t, half, extendedRequest(2, ldap.OIDStartTLS, nil))
		assert.Equal(t, ldap.OperationsError, replies(t, in, 1)[0].code, "a SASL bind is not over")
	})
}

// TestNothingIsSlippedIntoTLS is CVE-2011-0411 in LDAP: a request behind StartTLS in the clear would run as if it were encrypted.
func TestNothingIsSlippedIntoTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		c := h.dial(t)
		write(t, c, extendedRequest(1, ldap.OIDStartTLS, nil), modifyRequest(2, "slipped in"))
		s := receive(t, c)
		assert.Equal(t, notice(ldap.ProtocolError, "Something follows the StartTLS request in the clear"), s)
		assert.Empty(t, h.fake.modified)
	})
}

// TestSCRAMOddities is what clients may say besides: RFC 5802, 5.1 and 7.
func TestSCRAMOddities(t *testing.T) {
	for name, tt := range map[string]struct {
		first  string              // the client's first message; the nonce is "abc"
		final  func(string) string // makes something else of its last one
		codes  []ldap.ResultCode   // of both steps
		proofs []bool
	}{
		"no channel binding":                  {first: "n,,n=user,r=abc", codes: []ldap.ResultCode{ldap.SASLBindInProgress, ldap.Success}, proofs: []bool{true}},
		"the server has none, the client may": {first: "y,,n=user,r=abc", codes: []ldap.ResultCode{ldap.SASLBindInProgress, ldap.Success}, proofs: []bool{true}},
		"channel binding wanted":              {first: "p=tls-exporter,,n=user,r=abc", codes: []ldap.ResultCode{ldap.InvalidCredentials}},
		"an unknown channel binding":          {first: "p=x,,n=user,r=abc", codes: []ldap.ResultCode{ldap.InvalidCredentials}},
		"an unknown flag":                     {first: "z,,n=user,r=abc", codes: []ldap.ResultCode{ldap.InvalidCredentials}},
		"as oneself":                          {first: "n,a=u:user,n=user,r=abc", codes: []ldap.ResultCode{ldap.SASLBindInProgress, ldap.Success}, proofs: []bool{true}},
		"a DN that is not escaped":            {first: "n,a=dn:uid=user,n=user,r=abc", codes: []ldap.ResultCode{ldap.InvalidCredentials}},
		"as oneself by an escaped DN":         {first: "n,a=dn:uid=3Duser=2Cou=3DPeople=2Cdc=3Dexample=2Cdc=3Dcom,n=user,r=abc", codes: []ldap.ResultCode{ldap.SASLBindInProgress, ldap.Success}, proofs: []bool{true}},
		"as somebody else":                    {first: "n,a=u:kvaughan,n=user,r=abc", codes: []ldap.ResultCode{ldap.SASLBindInProgress, ldap.InvalidCredentials}},
		"an escaped name":                     {first: "n,,n=dn:uid=3Duser=2Cou=3DPeople=2Cdc=3Dexample=2Cdc=3Dcom,r=abc", codes: []ldap.ResultCode{ldap.SASLBindInProgress, ldap.Success}, proofs: []bool{true}},
		"a name escaped wrongly":              {first: "n,,n=us=65r,r=abc", codes: []ldap.ResultCode{ldap.InvalidCredentials}},
		"an extension that must be known":     {first: "n,,m=x,n=user,r=abc", codes: []ldap.ResultCode{ldap.InvalidCredentials}},
		"an empty name":                       {first: "n,,n=,r=abc", codes: []ldap.ResultCode{ldap.InvalidCredentials}},
		"no nonce":                            {first: "n,,n=user", codes: []ldap.ResultCode{ldap.InvalidCredentials}},
		"no message":                          {first: "\x00", codes: []ldap.ResultCode{ldap.InvalidCredentials}},
		"another nonce in the end": {
			"n,,n=user,r=abc", func(m string) string { return strings.Replace(m, "r=abc", "r=abd", 1) },
			[]ldap.ResultCode{ldap.SASLBindInProgress, ldap.InvalidCredentials},
			[]bool{false},
		},
		"another header in the end": {
			"n,,n=user,r=abc", func(m string) string { return strings.Replace(m, "c=biws", "c=eSws", 1) },
			[]ldap.ResultCode{ldap.SASLBindInProgress, ldap.InvalidCredentials},
			[]bool{false},
		},
		"a short proof": {
			"n,,n=user,r=abc", func(m string) string { return m[:strings.Index(m, ",p=")] + ",p=AAAA" },
			[]ldap.ResultCode{ldap.SASLBindInProgress, ldap.InvalidCredentials},
			[]bool{false},
		},
		"no proof": {
			"n,,n=user,r=abc", func(m string) string { return m[:strings.Index(m, ",p=")] },
			[]ldap.ResultCode{ldap.SASLBindInProgress, ldap.InvalidCredentials},
			[]bool{false},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := open(t)
				c := h.dial(t)
				in := bufio.NewReader(c)
				got, reply := step(t, c, in, 1, saslSCRAM256, tt.first)
				seen := []ldap.ResultCode{got}
				if got == ldap.SASLBindInProgress {
					last := scramFinal(t, tt.first, reply)
					if tt.final != nil {
						last = tt.final(last)
					}
					got, reply = step(t, c, in, 2, saslSCRAM256, last)
					seen = append(seen, got)
				}
				assert.Equal(t, tt.codes, seen)
				assert.Equal(t, tt.proofs, h.fake.proofs)
				if got != ldap.Success {
					assert.Empty(t, reply, "nothing is proven to who has proven nothing")
				}
			})
		})
	}
}

// scramFinal is the last message of user's, whose password is pencil, worked out here so that the first may be any.
func scramFinal(t *testing.T, first, reply string) string {
	t.Helper()
	parts := strings.SplitN(first, ",", 3)
	header, bare := parts[0]+","+parts[1]+",", parts[2]
	fields := strings.Split(reply, ",")
	salt, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(fields[1], "s="))
	require.NoError(t, err)
	rounds, err := strconv.Atoi(strings.TrimPrefix(fields[2], "i="))
	require.NoError(t, err)
	salted, err := pbkdf2.Key(sha256.New, "pencil", salt, rounds, sha256.Size)
	require.NoError(t, err)
	sign := func(key []byte, text string) []byte {
		m := hmac.New(sha256.New, key)
		_, _ = m.Write([]byte(text))
		return m.Sum(nil)
	}
	key := sign(salted, "Client Key")
	stored := sha256.Sum256(key)
	without := "c=" + base64.StdEncoding.EncodeToString([]byte(header)) + "," + fields[0]
	proof := sign(stored[:], bare+","+reply+","+without)
	for i := range proof {
		proof[i] ^= key[i]
	}
	return without + ",p=" + base64.StdEncoding.EncodeToString(proof)
}

// TestSCRAMHalfWay has the second step follow something else than the first.
func TestSCRAMHalfWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		c := h.dial(t)
		in := bufio.NewReader(c)
		const first = "n,,n=user,r=abc"
		_, reply := step(t, c, in, 1, saslSCRAM256, first)
		got, _ := step(t, c, in, 2, "", "") // RFC 4513, 5.2.1.2: an empty mechanism gives up
		assert.Equal(t, ldap.AuthMethodNotSupported, got)
		got, _ = step(t, c, in, 3, saslSCRAM256, scramFinal(t, first, reply))
		assert.Equal(t, ldap.InvalidCredentials, got)

		got, reply = step(t, c, in, 4, saslSCRAM256, "")
		assert.Equal(t, ldap.SASLBindInProgress, got, "who only names the mechanism is asked to begin (RFC 4422, 3)")
		assert.Empty(t, reply)
		_, reply = step(t, c, in, 5, saslSCRAM256, first)
		last := scramFinal(t, first, reply)
		got, _ = step(t, c, in, 6, saslSCRAM256, last)
		assert.Equal(t, ldap.Success, got)
		got, _ = step(t, c, in, 7, saslSCRAM256, last)
		assert.Equal(t, ldap.InvalidCredentials, got, "a proof is good once")
		assert.Equal(t, []bool{true}, h.fake.proofs)
	})
}
