package metrics

import "errors"

var ErrNotAvailable = errors.New("not available")
