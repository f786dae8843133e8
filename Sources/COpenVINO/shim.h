// The C interface of OpenVINO (https://docs.openvino.ai), as Swift sees it.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <openvino/c/openvino.h>
