package schemes_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/schemes"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

func TestPreEncodedIsATextualTest(t *testing.T) {
	for text, want := range map[string]bool{
		"{SSHA}x": true, "{winter}2026": true, "{a}b": true, "{a}}": true,
		"": false, "{": false, "{}": false, "{}x": false, "{a}": false, "a{b}c": false, "{a": false, "Secret12!": false,
	} {
		assert.Equal(t, want, schemes.PreEncoded(text), "%q", text)
	}
}

func TestParseRefuses(t *testing.T) {
	const digest64 = "5tchhpA2KLkoN0w1xDa9e0OjgeSd4WTAhKky56DwefRKP2lzGNZDWQSxBnqBCximZFucnalZngQPXmmKMQqDhg=="
	const scramKey = "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
	const bcryptTail = "bvIG6Nmid91Mu9RcmmWZfO5HJIMCT8riNW0hEp8f6/FuA2/mHZFpe"
	for name, c := range map[string]struct {
		syntax schemes.Syntax
		text   string
		kind   error
		says   string
	}{
		"nothing":                     {schemes.UserPassword, "", schemes.ErrNotEncoded, "{SCHEME}value"},
		"a clear password":            {schemes.UserPassword, "Secret12!", schemes.ErrNotEncoded, "{SCHEME}value"},
		"a scheme alone":              {schemes.UserPassword, "{SSHA}", schemes.ErrNotEncoded, "{SCHEME}value"},
		"an unknown scheme":           {schemes.UserPassword, "{PBES}AAAA", schemes.ErrUnknown, "of no scheme"},
		"an alias":                    {schemes.UserPassword, "{Salted SHA-1}AAAA", schemes.ErrUnknown, "of no scheme"},
		"a scheme of IDCS only":       {schemes.UserPassword, "{PBKDF2-HMAC-SHA1}10:AAAA", schemes.ErrUnknown, "of no scheme"},
		"a digest of another length":  {schemes.UserPassword, "{SHA}AAAA", schemes.ErrMalformed, "scheme SHA: 3 bytes"},
		"no base64":                   {schemes.UserPassword, "{SSHA512}hello world", schemes.ErrMalformed, "scheme SSHA512: the value is not base64"},
		"base64 over two lines":       {schemes.UserPassword, "{SHA}EvLhGI1HZGZ2\n5VKrXoWcfQY0IrI=", schemes.ErrMalformed, "not base64"},
		"base64 without padding":      {schemes.UserPassword, "{SHA}EvLhGI1HZGZ25VKrXoWcfQY0IrI", schemes.ErrMalformed, "not base64"},
		"a digest without a salt":     {schemes.UserPassword, "{SSHA512}" + digest64, schemes.ErrMalformed, "no digest of 64 and a salt"},
		"no iterations":               {schemes.UserPassword, "{PBKDF2}wMI/L4brh9WBLWzVKUGwjeYtnJkAAQID", schemes.ErrMalformed, `no ":"`},
		"iterations of IDCS":          {schemes.UserPassword, "{PBKDF2-HMAC-SHA512}10$" + digest64, schemes.ErrMalformed, `no ":"`},
		"no iteration":                {schemes.UserPassword, "{PBKDF2}0:wMI/L4brh9WBLWzVKUGwjeYtnJkAAQID", schemes.ErrMalformed, "iterations"},
		"negative iterations":         {schemes.UserPassword, "{PBKDF2}-5:wMI/L4brh9WBLWzVKUGwjeYtnJkAAQID", schemes.ErrMalformed, "iterations"},
		"iterations past 32 bits":     {schemes.UserPassword, "{PBKDF2}2147483648:wMI/L4brh9WBLWzVKUGwjeYtnJkAAQID", schemes.ErrMalformed, "iterations"},
		"a key without a salt":        {schemes.UserPassword, "{PBKDF2-HMAC-SHA512}10:" + digest64, schemes.ErrMalformed, "and a salt"},
		"a short PKCS5S2":             {schemes.UserPassword, "{PKCS5S2}AAECAwQFBgcICQoLDA0OD1Jd0K3AXs+j", schemes.ErrMalformed, "PKCS5S2: 24 bytes"},
		"SCRAM in three parts":        {schemes.UserPassword, "{SCRAM-SHA-256}4096,AAAA," + scramKey, schemes.ErrMalformed, "dollar sign"},
		"SCRAM without iterations":    {schemes.UserPassword, "{SCRAM-SHA-256}AAAA$" + scramKey + ":" + scramKey, schemes.ErrMalformed, "iterations and salt"},
		"SCRAM with one key":          {schemes.UserPassword, "{SCRAM-SHA-256}4096:AAAA$" + scramKey, schemes.ErrMalformed, "between the two keys"},
		"SCRAM without a salt":        {schemes.UserPassword, "{SCRAM-SHA-256}4096:$" + scramKey + ":" + scramKey, schemes.ErrMalformed, "salt is empty"},
		"SCRAM keys of another hash":  {schemes.UserPassword, "{SCRAM-SHA-512}4096:AAAA$" + scramKey + ":" + scramKey, schemes.ErrMalformed, "stored key has 32 bytes, not 64"},
		"a bcrypt of no form":         {schemes.UserPassword, "{BCRYPT}" + bcryptTail, schemes.ErrMalformed, "form"},
		"a bcrypt variant":            {schemes.UserPassword, "{BCRYPT}$2x$05$" + bcryptTail, schemes.ErrMalformed, "variant"},
		"a bcrypt cost of one digit":  {schemes.UserPassword, "{BCRYPT}$2a$5$" + bcryptTail, schemes.ErrMalformed, "cost"},
		"a bcrypt cost below 4":       {schemes.UserPassword, "{BCRYPT}$2a$03$" + bcryptTail, schemes.ErrMalformed, "cost"},
		"a bcrypt cost above 31":      {schemes.UserPassword, "{BCRYPT}$2a$32$" + bcryptTail, schemes.ErrMalformed, "cost"},
		"a bcrypt cost with a sign":   {schemes.UserPassword, "{BCRYPT}$2a$+5$" + bcryptTail, schemes.ErrMalformed, "cost"},
		"a short bcrypt":              {schemes.UserPassword, "{BCRYPT}$2a$05$" + bcryptTail[:52], schemes.ErrMalformed, "hash"},
		"bcrypt without a salt":       {schemes.UserPassword, "{BCRYPT}$2a$05$" + bcryptTail[:20], schemes.ErrMalformed, "salt"},
		"bcrypt in base64":            {schemes.UserPassword, "{BCRYPT}$2a$05$+" + bcryptTail[1:], schemes.ErrMalformed, "salt"},
		"a CRYPT of 12 characters":    {schemes.UserPassword, "{CRYPT}abwxqTFirElb", schemes.ErrMalformed, "13 characters"},
		"a CRYPT with another sign":   {schemes.UserPassword, "{CRYPT}abwxqTFirEl!6", schemes.ErrMalformed, "13 characters"},
		"a CRYPT of a multibyte sign": {schemes.UserPassword, "{CRYPT}abwxqTFirElé", schemes.ErrMalformed, "13 characters"},
		"yescrypt":                    {schemes.UserPassword, "{CRYPT}$y$j9T$abc$def", schemes.ErrMalformed, "variant"},
		"a CRYPT without its hash":    {schemes.UserPassword, "{CRYPT}$6$saltsalt", schemes.ErrMalformed, "dollar sign"},
		"a CRYPT with a long salt":    {schemes.UserPassword, "{CRYPT}$1$saltsaltsalt$bFoKzPihWdGxZuf53kTfW.", schemes.ErrMalformed, "up to 8"},
		"a CRYPT of 999 rounds":       {schemes.UserPassword, "{CRYPT}$5$rounds=999$saltsalt$qkfU6GOIEYS7J/otBnk9l.XNkAHyYtDSpfwthUkaLd4", schemes.ErrMalformed, "rounds"},
		"a CRYPT of 05000 rounds":     {schemes.UserPassword, "{CRYPT}$5$rounds=05000$saltsalt$qkfU6GOIEYS7J/otBnk9l.XNkAHyYtDSpfwthUkaLd4", schemes.ErrMalformed, "rounds"},
		"a CRYPT hash of another":     {schemes.UserPassword, "{CRYPT}$6$saltsalt$qkfU6GOIEYS7J/otBnk9l.XNkAHyYtDSpfwthUkaLd4", schemes.ErrMalformed, "86 characters"},
		"Argon2 of version 16":        {schemes.UserPassword, "{ARGON2}$argon2id$v=16$m=64,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", schemes.ErrMalformed, "version"},
		"Argon2 without passes":       {schemes.UserPassword, "{ARGON2}$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", schemes.ErrMalformed, "parameters"},
		"Argon2 with too many lanes":  {schemes.UserPassword, "{ARGON2}$argon2id$v=19$m=64,t=2,p=9$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", schemes.ErrMalformed, "lane"},
		"Argon2 with a short salt":    {schemes.UserPassword, "{ARGON2}$argon2id$v=19$m=64,t=2,p=1$c29t$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", schemes.ErrMalformed, "salt"},
		"another Argon2":              {schemes.UserPassword, "{ARGON2}$argon3$v=19$m=64,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", schemes.ErrMalformed, "variant"},
		"scrypt of another form":      {schemes.UserPassword, "{SCRYPT}$e0801$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", schemes.ErrMalformed, "form"},
		"scrypt with spaces":          {schemes.UserPassword, "{SCRYPT}$scrypt$ln= 4,r=8,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", schemes.ErrMalformed, "parameters"},
		"AES that is another version": {schemes.UserPassword, "{AES}AgABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f", schemes.ErrMalformed, "version 1"},
		"AES that is too short":       {schemes.UserPassword, "{AES}AQAB", schemes.ErrMalformed, "version 1"},
		"BASE64 that is none":         {schemes.UserPassword, "{BASE64}Secret12!", schemes.ErrMalformed, "not base64"},

		"IDCS: a scheme Oracle lacks":    {schemes.IDCS, "{BCRYPT}$2a$05$" + bcryptTail, schemes.ErrUnknown, "of no scheme"},
		"IDCS: iterations of DS":         {schemes.IDCS, "{PBKDF2-HMAC-SHA1}10:wMI/L4brh9WBLWzVKUGwjeYtnJkAAQID", schemes.ErrMalformed, `no "$"`},
		"auth: two parts":                {schemes.AuthPassword, "SHA1$AAAA", schemes.ErrNotEncoded, "scheme$info$value"},
		"auth: a name of userPassword":   {schemes.AuthPassword, "SSHA$AAAA$hSanIPIIjBnP5Y0+JIaUBB87lbI=", schemes.ErrUnknown, "of no scheme"},
		"auth: a digest of another hash": {schemes.AuthPassword, "SHA256$AAAA$hSanIPIIjBnP5Y0+JIaUBB87lbI=", schemes.ErrMalformed, "scheme SSHA256: 20 bytes"},
		"auth: PBKDF2 without salt":      {schemes.AuthPassword, "PBKDF2$10:$wMI/L4brh9WBLWzVKUGwjeYtnJk=", schemes.ErrMalformed, "salt is empty"},
		"auth: PBKDF2 without colon":     {schemes.AuthPassword, "PBKDF2$10$wMI/L4brh9WBLWzVKUGwjeYtnJk=", schemes.ErrMalformed, "colon"},
	} {
		t.Run(name, func(t *testing.T) {
			stored, err := c.syntax.Parse(c.text)
			require.ErrorIs(t, err, c.kind)
			require.ErrorContains(t, err, c.says)
			verified, err := stored.Verify(secret.New("Secret12!"))
			require.Error(t, err)
			assert.False(t, verified)
		})
	}
}

func TestErrorsHideWhatMayBeAPassword(t *testing.T) {
	for _, text := range []string{"{Canary7fQ2}winter", "{SSHA}Canary7fQ2", "{PBKDF2}Canary7fQ2:AAAA", "{BCRYPT}Canary7fQ2", "{CRYPT}$Canary7fQ2$x"} {
		_, err := schemes.Parse(text)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "Canary", text)
	}
	_, err := schemes.OktaHash{Algorithm: "Canary7fQ2"}.Parse()
	assert.NotContains(t, err.Error(), "Canary")
	_, err = schemes.ParseIDM(`Canary7fQ2`)
	assert.NotContains(t, err.Error(), "Canary")
}

func TestStoredNeverPrints(t *testing.T) {
	stored, err := schemes.Parse("{CLEAR}Canary7fQ2")
	require.NoError(t, err)
	hidden := struct{ inside schemes.Stored }{stored}
	okta := sha512Hash()
	okta.Value, okta.Salt = "Canary7fQ2", "Canary7fQ2"
	wire, err := json.Marshal(stored)
	require.NoError(t, err)
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("stored", "password", stored, "hash", okta)
	for _, text := range []string{
		fmt.Sprint(stored), fmt.Sprintf("%+v %#v %q %x", stored, stored, stored, stored), fmt.Sprintf("%+v", hidden),
		fmt.Sprintf("%v %+v %#v", okta, okta, []any{okta}), string(wire), log.String(),
	} {
		assert.NotContains(t, text, "Canary")
		assert.NotContains(t, text, fmt.Sprintf("%x", "Canary"))
	}
	assert.Contains(t, stored.String(), "{CLEAR}")
	assert.Equal(t, "{CLEAR}Canary7fQ2", stored.Text())
}

func TestZeroStored(t *testing.T) {
	var stored schemes.Stored
	verified, err := stored.Verify(secret.Value{})
	require.ErrorIs(t, err, schemes.ErrNotVerifiable)
	assert.False(t, verified)
	assert.Empty(t, stored.Text())
	assert.Empty(t, stored.Scheme())
	assert.Zero(t, stored.Settings())
	assert.NotEmpty(t, stored.String())
}

func TestReversibleSchemesAreRecognised(t *testing.T) {
	for _, name := range []string{"AES", "3DES", "BLOWFISH", "RC4"} {
		stored, err := schemes.Parse("{" + name + "}AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f")
		require.NoError(t, err)
		verified, err := stored.Verify(secret.New("Secret12!"))
		require.ErrorIs(t, err, schemes.ErrNotVerifiable)
		require.ErrorContains(t, err, name)
		assert.False(t, verified)
	}
}
