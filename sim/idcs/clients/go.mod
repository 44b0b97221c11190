module github.com/seatrial/seatrial/sim/idcs/clients

go 1.26.0

replace github.com/seatrial/seatrial => ../../..

require (
	github.com/oracle/oci-go-sdk/v65 v65.129.0
	github.com/seatrial/seatrial v0.0.0-00010101000000-000000000000
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/gofrs/flock v0.10.0 // indirect
	github.com/sony/gobreaker/v2 v2.4.0 // indirect
	github.com/youmark/pkcs8 v0.0.0-20240726163527-a2c0da244d78 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/time v0.16.0 // indirect
)
