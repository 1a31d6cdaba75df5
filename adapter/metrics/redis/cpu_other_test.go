//go:build !unix

package redis

import "time"

func ownCPU() time.Duration { return 0 }
