module salw.example/verifiers

go 1.25

require golang.org/x/mod v0.25.0

// The copy that Go itself ships and checks downloads with: `prepare.py` takes it out of the toolchain, so that nothing
// else has to be fetched.
replace golang.org/x/mod => ./mod
