# `make` alone lists the targets. Everything can be run again at any time.
PREFIX ?= /usr/local
CONFIGURATION ?= release
export PKG_CONFIG_PATH := $(CURDIR)/.deps/openvino/lib/pkgconfig:$(PKG_CONFIG_PATH)
export PREFIX DESTDIR PEER MODEL CLIPS ROUNDS SIZE LENGTH DRIFT
sakuga := .build/$(CONFIGURATION)/sakuga

.DEFAULT_GOAL := help
.PHONY: help deps build run test doctor bench bench-live soak soak-server test-cluster vgg lint install dist sample \
    datasets clean

help: ## Show this list
	@echo "Sakuga turns video into anime. Targets:"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 22

deps: ## Fetch what Sakuga builds on: Debian packages, and OpenVINO into .deps
	@scripts/deps.sh

build: deps ## Build .build/release/sakuga
	@echo "Building Sakuga ($(CONFIGURATION))"
	@swift build -c $(CONFIGURATION) --product sakuga

run: build ## Draw samples/clip.mp4 with the default preset into out/
	@mkdir -p out
	@$(sakuga) stylize samples/clip.mp4 -o out/clip.mp4 --overwrite
	@echo "The drawn film is out/clip.mp4 (the original: samples/clip.mp4)."
	@echo "Your own:    $(sakuga) stylize YOUR-VIDEO.mp4"
	@echo "All options: $(sakuga) stylize --help"

test: ## Run all tests, after fetching what they need
	@scripts/deps.sh tests
	@swift test

training: deps ## Build the library that training needs against libtorch (Debian's, or the one in TORCH_DIR)
	@scripts/training.sh

test-training: training ## Run the tests of training in their long form
	@SAKUGA_LONG_TESTS=1 swift test --filter 'Train(ing|Command)Tests'

# A shipped look: its pictures, its recipe, both sizes; hours on two cores. `make train-anime SIZE=studio`
train-%: build training vgg datasets ## Train a shipped look: train-anime, train-painted, …
	@scripts/train.sh $(sakuga) $*

doctor: build ## Show versions, devices, codecs and presets, and what is missing
	@$(sakuga) doctor

bench: build ## Measure speed; PEER=script.py MODEL=file.onnx also measure another program
	@scripts/bench.sh $(sakuga)

bench-live: build ## Measure rate, delay and drift of live runs (half an hour; LENGTH=300 DRIFT=600, in seconds)
	@scripts/bench-live.sh $(sakuga)

soak: build ## Draw thousands of damaged files and one long film, then soak-server (long; needs disk space)
	@scripts/soak.sh $(sakuga)
	@scripts/soak-server.sh $(sakuga)

soak-server: build ## Crash, load and attack the server, and measure it (half an hour; needs 7 GB of disk)
	@scripts/soak-server.sh $(sakuga)

test-cluster: build ## Draw on a Slurm cluster of two nodes on this machine, one of them killed (half an hour; as root; LENGTH=120)
	@scripts/test-cluster.sh $(sakuga)

vgg: ## Fetch the VGG16 that evaluate-style judges with, into .deps (59 MB)
	@scripts/vgg.sh

lint: deps ## Check formatting and which module imports which
	@scripts/lint.sh

install: build ## Install under PREFIX (default /usr/local)
	@scripts/install.sh $(sakuga)

dist: deps ## Pack dist/sakuga-VERSION-linux-x86_64.tar.xz, which runs without Swift and OpenVINO
	@scripts/dist.sh

sample: ## Make samples/clip.mp4 and samples/photo.jpg anew
	@samples/make-clip.sh

datasets: ## Fetch the free photographs and drawings that looks are trained on, into datasets/
	@scripts/datasets.sh

clean: ## Remove what was built and drawn; .deps stays (remove it by hand to fetch anew)
	rm -rf .build .build-dist out dist
