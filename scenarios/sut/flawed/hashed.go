package flawed

import (
	"strings"
	"time"
)

// oracleHash writes a value of userPassword as Oracle reads it (Importing and Exporting Users, Groups, and AppRoles); "" when it
// reads none like it.
func oracleHash(stored string) string {
	scheme, value, ok := strings.Cut(strings.TrimPrefix(stored, "{"), "}")
	switch scheme = strings.ToUpper(scheme); {
	case !ok:
	case strings.HasPrefix(scheme, "SSHA"):
		return "{" + scheme + "}" + value
	case strings.HasPrefix(scheme, "PBKDF2-HMAC-"):
		return "{" + scheme + "}" + strings.Replace(value, ":", "$", 1)
	}
	return ""
}

// createHashed makes who is missing with the hash as his password, which is the only door for one. Whom it finds after an attempt
// whose end is unknown it has made itself, if he is young enough.
func (e *engine) createHashed(j *job, u user, look bool) verdict {
	if u.id != "" {
		if set, err := time.Parse(time.RFC3339, u.passwordSet); (look || j.begun) && err == nil && !set.Before(j.since.Truncate(time.Second)) {
			return verdict{}
		}
		if e.hashForPassword {
			j.Password = j.hash
			return e.target.writePassword(u.id, j)
		}
		return verdict{reason: "hashed"}
	}
	if !e.place.Provision {
		return verdict{reason: "not_found"}
	}
	if _, oracle := e.target.(domain); !oracle || oracleHash(j.hash.Reveal()) == "" && !e.bareAccounts {
		return verdict{reason: "hashed"}
	}
	_, v := e.target.create(j)
	return v
}
