package sim_test

import (
	"context"
	"fmt"
	"log"

	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// A world in memory, a user in it, and the probe that asks whether she could sign in.
func ExampleWorld() {
	ctx := context.Background()
	world, err := sim.New(sim.DefaultConfig(), network.Memory()) // network.TCP("127.0.0.1") for engines in other processes
	if err != nil {
		log.Fatal(err)
	}
	if err := world.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer func() { _ = world.Stop(ctx) }()

	plane := world.Control()
	_, err = plane.AddUsers(ctx, "idcs", []control.UserInput{
		{UserName: "bjensen", Email: "bjensen@example.com", Password: secret.New("Fair-Winds-2026")},
	})
	if err != nil {
		log.Print(err)
		return
	}
	if _, err := plane.SetFederated(ctx, "idcs", true, "bjensen"); err != nil {
		log.Print(err)
		return
	}
	answers, err := plane.LogIns(ctx, "idcs", []control.LogInInput{{UserName: "bjensen", Password: secret.New("Fair-Winds-2026")}})
	if err != nil {
		log.Print(err)
		return
	}
	fmt.Println(answers[0].OK, answers[0].Reason)
	// Output: false federated
}
