package directory

import (
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// The criterion of the history: that it is among the others was seen, its name and properties were not.
const historyCriterion = "password-history"

// assessment is what the criteria of a policy say about the new passwords of one operation, for the password quality advice
// control.
type assessment struct {
	asked            bool
	failing, passing []ldap.Criterion
}

func (d *Directory) newAssessment(controls []ldap.Control) *assessment {
	_, asked := ldap.Find(controls, ldap.OIDPasswordQualityAdvice)
	return &assessment{asked: asked}
}

// wanted tells whether somebody asks.
func (a *assessment) wanted() bool { return a != nil && a.asked }

// note takes what one criterion says of one password.
func (a *assessment) note(kind string, properties []ldap.Parameter, passed bool) {
	if !a.wanted() {
		return
	}
	c := ldap.Criterion{Type: kind, Parameters: properties}
	if passed {
		a.passing = append(a.passing, c)
	} else {
		a.failing = append(a.failing, c)
	}
}

// advise adds the response of the control. On success DS shows nothing of it over HTTP.
func (d *Directory) advise(r ldap.Result, a *assessment) ldap.Result {
	if len(a.failing) == 0 && (len(a.passing) == 0 || d.is(adviceOnSuccess, "no")) {
		return r
	}
	advice := ldap.PasswordAdvice{Attribute: d.known.userPassword.Name(), Failing: a.failing, Passing: a.passing}
	r.Controls = append(r.Controls, advice.Control())
	return r
}

func (p *PasswordPolicy) historyProperties() []ldap.Parameter {
	return []ldap.Parameter{property("password-history-count", p.HistoryCount), property("password-history-duration", p.HistoryDuration.seconds())}
}
