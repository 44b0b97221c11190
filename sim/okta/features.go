package okta

import (
	"encoding/json"
	"net/http"
)

const (
	enabled  = "ENABLED"
	disabled = "DISABLED"
)

func mountFeatures(t table) {
	const path = appPath + "/features"
	t.add(http.MethodGet, path, "feature", readApps, (*call).listFeatures)
	t.add(http.MethodGet, path+"/USER_PROVISIONING", "feature", readApps, (*call).readFeature)
	t.add(http.MethodPut, path+"/USER_PROVISIONING", "feature", writeApps, (*call).changeFeature)
}

// featureStatus is on or off.
type featureStatus struct {
	Status string `json:"status"`
}

// userProvisioning is the feature USER_PROVISIONING: what an application does to users of the other org (Okta, OpenAPI,
// CapabilitiesObject).
type userProvisioning struct {
	Create struct {
		LifecycleCreate featureStatus `json:"lifecycleCreate"`
	} `json:"create"`
	Update struct {
		Profile             featureStatus `json:"profile"`
		LifecycleDeactivate featureStatus `json:"lifecycleDeactivate"`
		Password            struct {
			Status string `json:"status"`
			// Seed is OKTA, the user's password here, or RANDOM, one that nobody knows.
			Seed string `json:"seed"`
			// Change is CHANGE, or KEEP_EXISTING: whether a change here is one there.
			Change string `json:"change"`
		} `json:"password"`
	} `json:"update"`
}

const (
	seedOkta     = "OKTA"
	seedRandom   = "RANDOM"
	changeThere  = "CHANGE"
	keepExisting = "KEEP_EXISTING"
)

// firstFeatures is everything off, and the defaults of a password push.
func firstFeatures() userProvisioning {
	var f userProvisioning
	f.Create.LifecycleCreate.Status, f.Update.Profile.Status, f.Update.LifecycleDeactivate.Status = disabled, disabled, disabled
	f.Update.Password.Status, f.Update.Password.Seed, f.Update.Password.Change = disabled, seedRandom, keepExisting
	return f
}

func (f *userProvisioning) creates() bool     { return f.Create.LifecycleCreate.Status == enabled }
func (f *userProvisioning) updates() bool     { return f.Update.Profile.Status == enabled }
func (f *userProvisioning) deactivates() bool { return f.Update.LifecycleDeactivate.Status == enabled }

// syncs tells whether the password of this org is the one of the other.
func (f *userProvisioning) syncs() bool {
	return f.Update.Password.Status == enabled && f.Update.Password.Seed == seedOkta
}

// followsChanges tells whether a new password here means a new one there, of whatever kind.
func (f *userProvisioning) followsChanges() bool {
	return f.Update.Password.Status == enabled && f.Update.Password.Change == changeThere
}

func (f *userProvisioning) validate() error {
	for _, one := range []struct {
		field, value, first, second string
	}{
		{"create.lifecycleCreate.status", f.Create.LifecycleCreate.Status, enabled, disabled},
		{"update.profile.status", f.Update.Profile.Status, enabled, disabled},
		{"update.lifecycleDeactivate.status", f.Update.LifecycleDeactivate.Status, enabled, disabled},
		{"update.password.status", f.Update.Password.Status, enabled, disabled},
		{"update.password.seed", f.Update.Password.Seed, seedOkta, seedRandom},
		{"update.password.change", f.Update.Password.Change, changeThere, keepExisting},
	} {
		if one.value != one.first && one.value != one.second {
			return refuse(validation, one.field).because(one.field + ": must be " + one.first + " or " + one.second)
		}
	}
	return nil
}

// provisioned finds the application, which must have a connection: without one the feature is not there (Okta, OpenAPI,
// listFeaturesForApplication, with this error).
func (c *call) provisioned() (application, error) {
	a, err := c.app()
	if err != nil {
		return application{}, err
	}
	if a.name != org2org || !a.connection.enabled {
		return application{}, refuse(validation, "feature").because("Provisioning is not enabled for the app instance.")
	}
	return a, nil
}

func (c *call) featureDocument(a *application) object {
	return object{
		{"name", "USER_PROVISIONING"},
		{"status", enabled},
		{"description", "User provisioning settings from Okta to a downstream application"},
		{"capabilities", a.features},
		{"_links", object{{"self", href(c.base+appsPath+"/"+a.id+"/features/USER_PROVISIONING", http.MethodGet, http.MethodPut)}}},
	}
}

func (c *call) listFeatures() error {
	a, err := c.provisioned()
	if err != nil {
		return err
	}
	return c.sendJSON([]object{c.featureDocument(&a)})
}

func (c *call) readFeature() error {
	a, err := c.provisioned()
	if err != nil {
		return err
	}
	return c.sendJSON(c.featureDocument(&a))
}

// changeFeature takes a part of the settings; what is not sent stays (Okta, OpenAPI, updateFeatureForApplication).
func (c *call) changeFeature() error {
	a, err := c.provisioned()
	if err != nil {
		return err
	}
	var sent json.RawMessage
	if err := c.decodeBody(&sent); err != nil {
		return err
	}
	a, err = c.s.apps.change(a.id, func(a *application) error {
		if err := decode(sent, &a.features); err != nil {
			return err
		}
		a.lastUpdated = c.s.now()
		return a.features.validate()
	})
	if err != nil {
		return err
	}
	c.log(eventAppUpdate, nil, "SUCCESS", "", a.target())
	return c.sendJSON(c.featureDocument(&a))
}
