#pragma once
// What a company had in its Lever before Hirewire came: people with a past, many at once. Lever announces nothing of
// them.
#include "common/http/message.hpp"
#include "common/http/server.hpp"
#include "tools/sandbox/lever_model.hpp"

namespace hirewire::sandbox {

// POST /_sandbox/past. All of the body's opportunities, or none when there is something wrong with one.
http::Reply add_past(LeverModel& model, const http::Incoming& request);

}  // namespace hirewire::sandbox
