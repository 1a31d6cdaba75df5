module github.com/podpatterns/podpatterns/internal/rivals

go 1.26.0

require (
	github.com/coreos/go-systemd/v22 v22.7.0
	github.com/oklog/run v1.2.0
	github.com/podpatterns/podpatterns v0.0.0
	github.com/stretchr/testify v1.12.1
	github.com/thejerf/suture/v4 v4.0.6
)

require (
	github.com/cenkalti/backoff/v4 v4.3.0 // indirect
	github.com/hashicorp/errwrap v1.0.0 // indirect
	github.com/hashicorp/go-multierror v1.1.1 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/podpatterns/podpatterns => ../..
