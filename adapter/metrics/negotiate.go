package metrics

import (
	"mime"
	"slices"
	"strconv"
	"strings"
)

// An offer is what a header like Accept wants, and how much.
type offer struct {
	value  string // in lower case, as text/plain or gzip
	params map[string]string
	q      float64
}

// maxOffers bounds what one header can make this work.
const maxOffers = 32

// offers reads Accept and Accept-Encoding (RFC 9110, 12.4.2): what is wanted most
// first, and of what is wanted as much in the order of the header. What can't be
// read is left out.
func offers(headers []string) []offer {
	var all []offer
	for _, h := range headers {
		for part := range strings.SplitSeq(h, ",") {
			if len(all) == maxOffers {
				break
			}
			if o, ok := parseOffer(part); ok {
				all = append(all, o)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b offer) int {
		switch {
		case a.q > b.q:
			return -1
		case a.q < b.q:
			return 1
		}
		return 0
	})
	return all
}

func parseOffer(part string) (offer, bool) {
	if strings.TrimSpace(part) == "" {
		return offer{}, false
	}
	value, params, err := mime.ParseMediaType(part)
	if err != nil {
		return offer{}, false
	}
	o := offer{value: value, params: params, q: 1}
	if q, given := params["q"]; given {
		if o.q, err = strconv.ParseFloat(q, 64); err != nil || !(o.q >= 0 && o.q <= 1) {
			return offer{}, false
		}
	}
	return o, true
}

// A served is a format under what it is asked for by.
type served struct {
	Format
	value  string
	params map[string]string
}

func serve(f Format) (served, error) {
	value, params, err := mime.ParseMediaType(f.ContentType())
	return served{f, value, params}, err
}

// choose returns the format that accept wants most; the last one if it wants none,
// because Prometheus would rather have that than a 406.
func choose(formats []served, accept []string) Format {
	for _, o := range offers(accept) {
		if o.q == 0 {
			continue
		}
		for i := range formats {
			if o.wants(formats[i]) {
				return formats[i].Format
			}
		}
		if o.value == "*/*" {
			break
		}
	}
	return formats[len(formats)-1].Format
}

// wants heeds the version and what else both sides say, as a proto; not the
// character set, nor how names that are not classic are escaped, as there are none.
func (o offer) wants(f served) bool {
	if o.value != f.value {
		return false
	}
	for name, want := range o.params {
		if name == "q" || name == "charset" || name == "escaping" {
			continue
		}
		if has, said := f.params[name]; !said || has != want {
			return false
		}
	}
	return true
}
