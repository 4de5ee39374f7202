# `make help` lists the targets.

swift_build = swift build --configuration release --static-swift-stdlib --product mcc
mcc = .build/release/mcc
python = .venv/bin/python

# The Pythons of the frameworks: an environment is made for each that is not named, as in `make conformance-frontends PYTORCH=python3.11`.
PYTORCH ?= .venv-pytorch/bin/python
TENSORFLOW ?= .venv-tensorflow/bin/python
CAFFE ?= .venv-caffe/bin/python
# Those that have other simplifiers, where the frameworks' do not, and PyPI's caffe2onnx.
export SIMPLIFIERS CAFFE2ONNX

swift_sources = Package.swift Sources Tests

# Makes the environment $(1) with the packages that the file $(2) names, anew when those differ from what was installed.
define environment
@cmp -s $(2) $(1)/requirements.txt || { \
  rm -rf $(1) && python3 -m venv $(1) \
  && $(1)/bin/pip install --quiet --disable-pip-version-check --requirement $(2) \
  && cp $(2) $(1)/requirements.txt; }
endef

.PHONY: build demo test bench scale conformance-frontends conformance-caffe conformance-tensorflow conformance-pytorch static lint format protos dependencies venv clean help

build: dependencies  ## builds .build/release/mcc (the default)
	$(swift_build)

demo: build  ## compiles examples/digits.onnx to build/digits.onnx and build/digits.mcb, a quarter of its size
	@mkdir -p build
	$(mcc) examples/digits.onnx -passes=prune,quant8 -stats -o build/digits.onnx
	$(mcc) examples/digits.onnx -passes=prune,quant8 -stats -o build/digits.mcb

test: dependencies venv  ## runs the Swift tests, then checks mcc from outside with onnx and ONNX Runtime
	swift build --build-tests
	swift test --skip-build
	$(python) Conformance/run.py .build/debug/mcc

bench: build venv  ## measures mcc against cp and the installed peers; `make bench BENCH="--help"` shows the choices
	$(python) Benchmarks/run.py $(BENCH) $(mcc)

scale: build venv  ## shows that time grows as the number of operations does
	$(python) Benchmarks/scale.py $(mcc)

# Outside CI: the frameworks are gigabytes, and networks take minutes to export.
conformance-frontends: conformance-caffe conformance-tensorflow conformance-pytorch  ## reads whole architectures as their frameworks export them

conformance-caffe: build $(filter .venv-%,$(CAFFE))
	$(CAFFE) Conformance/frontends_caffe.py $(mcc)

conformance-tensorflow: build $(filter .venv-%,$(TENSORFLOW))
	$(TENSORFLOW) Conformance/frontends_tensorflow.py $(mcc)

conformance-pytorch: build $(filter .venv-%,$(PYTORCH))
	$(PYTORCH) Conformance/frontends_pytorch.py $(mcc) build/frontends

.venv-%/bin/python: Conformance/fixtures/requirements-%.txt
	$(call environment,.venv-$*,$<)
	@touch $@

static: dependencies  ## builds .build-static/release/mcc, which needs no library at run time
	$(swift_build) --scratch-path .build-static -Xswiftc -static-executable -Xswiftc -use-ld=lld -Xlinker --strip-all

lint:  ## checks the style of the Swift sources
	swift format lint --strict --recursive $(swift_sources)

format:  ## rewrites the Swift sources in that style
	swift format --in-place --recursive $(swift_sources)

protos: dependencies  ## generates Sources/CModelProtos from protos/*.proto
	protoc-c --proto_path=protos --c_out=Sources/CModelProtos protos/*.proto
	mv Sources/CModelProtos/*.pb-c.h Sources/CModelProtos/include/

dependencies:
	@scripts/install-dependencies

venv: dependencies
	$(call environment,.venv,Conformance/requirements.txt)

clean:  ## removes everything that was built or downloaded
	rm -rf .build .build-static .venv .venv-pytorch .venv-caffe .venv-tensorflow build Benchmarks/models

help:  ## lists the targets
	@awk -F ':.*  ## ' '/^[a-z-]+:.*  ## / {printf "make %-21s %s\n", $$1, $$2}' Makefile
