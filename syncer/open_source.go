package syncer

import "github.com/seatrial/seatrial/syncer/source/ldap"

// openSource opens the directory that passwords are read from, if there is one.
func (e *Engine) openSource() (err error) {
	if !e.config.LDAP.On() {
		return nil
	}
	e.source, err = ldap.New(e.config.LDAP, ldap.Environment{
		DialContext: e.env.DialContext, RootCAs: e.env.RootCAs, Logger: e.log, Registry: e.env.Registry, ReadOnly: e.config.DryRun,
		Seed: e.config.Seed,
	})
	return err
}
