package command

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/seatrial/seatrial/syncer/forecast"
)

// share adds what can be known about the next changes, and why the rest cannot.
func (f *flags) share(report *forecast.Report, source forecast.IDM, domain forecast.Domain) error {
	if f.users != "" {
		counted, err := f.count(domain)
		if err != nil {
			return err
		}
		for i, p := range domain.Policies {
			c := counted[p.Name]
			report.Targets[i].Concerned = &c
		}
	}
	estimate, err := f.estimator(source)
	if err != nil {
		return err
	}
	for i, p := range domain.Policies {
		t := &report.Targets[i]
		if estimate == nil {
			t.NoShare = "it depends on what people choose; --statistics counts it, --passwords-like policy estimates it from a model"
			continue
		}
		share, err := estimate(p.Policy)
		if err != nil {
			t.NoShare = err.Error()
			continue
		}
		t.Share = &share
	}
	return nil
}

func (f *flags) count(domain forecast.Domain) (map[string]forecast.Concerned, error) {
	file, err := os.Open(filepath.Clean(f.users))
	if err != nil {
		return nil, usage("--users: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	counted, err := domain.Count(forecast.ReadUsers(file))
	if err != nil {
		return nil, usage("--users: %s: %w", f.users, err)
	}
	all := 0
	for _, c := range counted {
		all += c.Users
	}
	if all == 0 {
		return nil, usage("--users: %s: there is nobody in it", f.users)
	}
	return counted, nil
}

// estimator is how the share is to be found; nil when nobody said how.
func (f *flags) estimator(source forecast.IDM) (func(target forecast.Policy) (forecast.Share, error), error) {
	switch {
	case f.statistics != "":
		file, err := os.Open(filepath.Clean(f.statistics))
		if err != nil {
			return nil, usage("--statistics: %w", err)
		}
		statistics, err := forecast.ReadStatistics(file)
		if err := errors.Join(err, file.Close()); err != nil {
			return nil, usage("--statistics: %s: %w", f.statistics, err)
		}
		return func(target forecast.Policy) (forecast.Share, error) {
			return statistics.Share(source.Policy(), target)
		}, nil
	case f.passwordsLike != "":
		habits, err := forecast.ParseHabits(f.habits)
		if err != nil {
			return nil, usage("--habits: %w", err)
		}
		return func(target forecast.Policy) (forecast.Share, error) {
			return forecast.Estimate(source.Policy(), target, habits, f.samples, f.seed)
		}, nil
	}
	return nil, nil //nolint:nilnil // nobody said how
}
