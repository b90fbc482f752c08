#include "common/json/value.hpp"

// For the reader only: the writer's SIMD form (RapidJSON 1.1) leaves 0x1A to 0x1F unescaped, so writer.cpp does
// without, and nothing here may use it.
#if defined(__SSE2__)
#define RAPIDJSON_SSE2
#endif

#include <rapidjson/document.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

namespace hirewire::json {
namespace {

struct Category final : boost::system::error_category {
    [[nodiscard]] const char* name() const noexcept override { return "json"; }
    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<Errc>(value)) {
            case Errc::not_json:
                return "the text is not JSON";
            case Errc::too_deep:
                return "the JSON is nested too deep";
            case Errc::too_large:
                return "the JSON is too large";
        }
        return "unknown";
    }
};

const rapidjson::Value* node(const void* p) {
    return static_cast<const rapidjson::Value*>(p);
}

// Hands every event on to the document under construction and stops at the depth limit.
template <typename Target>
class DepthGuard {
public:
    DepthGuard(Target& target, std::size_t limit) : target_{target}, limit_{limit} {}

    bool Null() { return target_.Null(); }
    bool Bool(bool b) { return target_.Bool(b); }
    bool Int(int i) { return target_.Int(i); }
    bool Uint(unsigned u) { return target_.Uint(u); }
    bool Int64(std::int64_t i) { return target_.Int64(i); }
    bool Uint64(std::uint64_t u) { return target_.Uint64(u); }
    bool Double(double d) { return target_.Double(d); }
    bool RawNumber(const char* s, rapidjson::SizeType n, bool copy) { return target_.RawNumber(s, n, copy); }
    bool String(const char* s, rapidjson::SizeType n, bool copy) { return target_.String(s, n, copy); }
    bool Key(const char* s, rapidjson::SizeType n, bool copy) { return target_.Key(s, n, copy); }
    bool StartObject() { return enter() && target_.StartObject(); }
    bool StartArray() { return enter() && target_.StartArray(); }
    bool EndObject(rapidjson::SizeType n) {
        --depth_;
        return target_.EndObject(n);
    }
    bool EndArray(rapidjson::SizeType n) {
        --depth_;
        return target_.EndArray(n);
    }
    [[nodiscard]] bool too_deep() const { return too_deep_; }

private:
    bool enter() {
        too_deep_ = ++depth_ > limit_;
        return !too_deep_;
    }
    Target& target_;
    std::size_t limit_;
    std::size_t depth_ = 0;
    bool too_deep_ = false;
};

// What Document::Populate calls: reads `stream` into the document, or says why not.
template <unsigned Flags, typename Stream>
struct Generator {
    Stream& stream;
    std::size_t depth_limit;
    bool ok = false;
    bool too_deep = false;

    template <typename Target>
    bool operator()(Target& target) {
        DepthGuard<Target> guard{target, depth_limit};
        rapidjson::Reader reader;
        ok = !reader.Parse<Flags>(stream, guard).IsError();
        too_deep = guard.too_deep();
        return ok;
    }
};

constexpr std::size_t stack_bytes = 2048;
// RapidJSON reads strings sixteen bytes at a time and may look past the end of the text, never past this.
constexpr std::size_t simd_overrun = 32;

struct Bytes {
    bool ascii = true;
    // Bytes that no JSON text holds as they are. RapidJSON takes a NUL for the text's end, and its SIMD scan (1.1)
    // lets 0x1A to 0x1F pass.
    bool control = false;
};

// Eight bytes at a time: every text passes here first.
Bytes survey(std::string_view text) {
    constexpr std::uint64_t ones = ~std::uint64_t{0} / 255;
    constexpr std::uint64_t tops = ones * 0x80;
    const auto is_control = [](char c) {
        return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
    };
    Bytes bytes;
    std::uint64_t any = 0;
    std::size_t i = 0;
    for (; i + sizeof any <= text.size(); i += sizeof any) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + i, sizeof word);
        any |= word;
        const bool some_below_0x20 = ((word - ones * 0x20) & ~word & tops) != 0;
        if (some_below_0x20) {
            bytes.control |= std::any_of(text.begin() + i, text.begin() + i + sizeof word, is_control);
        }
    }
    for (; i < text.size(); ++i) {
        any |= static_cast<unsigned char>(text[i]);
        bytes.control |= is_control(text[i]);
    }
    bytes.ascii = (any & tops) == 0;
    return bytes;
}

constexpr unsigned flags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;

}  // namespace

Error make_error_code(Errc e) {
    static const Category category;
    return {static_cast<int>(e), category};
}

bool Value::is_null() const {
    return node_ == nullptr || node(node_)->IsNull();
}
bool Value::is_object() const {
    return node_ != nullptr && node(node_)->IsObject();
}
bool Value::is_array() const {
    return node_ != nullptr && node(node_)->IsArray();
}
bool Value::is_string() const {
    return node_ != nullptr && node(node_)->IsString();
}
bool Value::is_integer() const {
    return node_ != nullptr && node(node_)->IsInt64();
}
bool Value::is_bool() const {
    return node_ != nullptr && node(node_)->IsBool();
}

std::string_view Value::string() const {
    if (!is_string()) return {};
    return {node(node_)->GetString(), node(node_)->GetStringLength()};
}

std::int64_t Value::integer(std::int64_t otherwise) const {
    return is_integer() ? node(node_)->GetInt64() : otherwise;
}

double Value::number(double otherwise) const {
    return node_ != nullptr && node(node_)->IsNumber() ? node(node_)->GetDouble() : otherwise;
}

bool Value::boolean(bool otherwise) const {
    return is_bool() ? node(node_)->GetBool() : otherwise;
}

Value Value::operator[](std::string_view member) const {
    if (!is_object()) return {};
    const auto* object = node(node_);
    const auto length = static_cast<rapidjson::SizeType>(member.size());
    const rapidjson::Value key{rapidjson::StringRef(member.data(), length)};
    const auto found = object->FindMember(key);
    return found == object->MemberEnd() ? Value{} : Value{&found->value};
}

std::size_t Value::size() const {
    if (is_array()) return node(node_)->Size();
    return is_object() ? node(node_)->MemberCount() : 0;
}

std::vector<Value> Value::items() const {
    std::vector<Value> result;
    if (!is_array()) return result;
    result.reserve(node(node_)->Size());
    for (const auto& item : node(node_)->GetArray()) result.push_back(Value{&item});
    return result;
}

std::vector<std::pair<std::string_view, Value>> Value::members() const {
    std::vector<std::pair<std::string_view, Value>> result;
    if (!is_object()) return result;
    result.reserve(node(node_)->MemberCount());
    for (const auto& member : node(node_)->GetObject()) {
        result.emplace_back(
            std::string_view{member.name.GetString(), member.name.GetStringLength()}, Value{&member.value});
    }
    return result;
}

struct Document::Impl {
    rapidjson::Document document;
};

Document::Document(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

Result<Document> Document::parse(std::string_view text, Limits limits) {
    if (text.size() > limits.bytes) return make_error_code(Errc::too_large);
    if (survey(text).control) return make_error_code(Errc::not_json);
    auto impl = std::make_unique<Impl>();
    rapidjson::MemoryStream memory{text.data(), text.size()};
    rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream{memory};
    Generator<flags, decltype(stream)> generate{stream, limits.depth};
    impl->document.Populate(generate);
    if (generate.too_deep) return make_error_code(Errc::too_deep);
    if (!generate.ok) return make_error_code(Errc::not_json);
    return Document{std::move(impl)};
}

Value Document::root() const {
    return Value{static_cast<const rapidjson::Value*>(&impl_->document)};
}

struct Parser::Impl {
    using Pool = rapidjson::MemoryPoolAllocator<>;
    using PoolDocument = rapidjson::GenericDocument<rapidjson::UTF8<>, Pool, Pool>;

    explicit Impl(Limits l) : limits{l} {}

    // Reads the scratch copy; validating UTF-8 costs a third of the parsing and is pointless for plain ASCII.
    template <unsigned Flags>
    auto generate() {
        rapidjson::InsituStringStream stream{scratch.data()};
        Generator<Flags | rapidjson::kParseInsituFlag, rapidjson::InsituStringStream> generator{stream, limits.depth};
        document->Populate(generator);
        return std::pair{generator.ok, generator.too_deep};
    }

    Limits limits;
    std::string scratch;
    std::array<char, 16U << 10U> value_memory{};
    std::array<char, 8U << 10U> stack_memory{};
    Pool value_pool{value_memory.data(), value_memory.size()};
    Pool stack_pool{stack_memory.data(), stack_memory.size()};
    std::optional<PoolDocument> document;
};

Parser::Parser(Limits limits) : impl_{std::make_unique<Impl>(limits)} {}
Parser::~Parser() = default;

Result<Value> Parser::parse(std::string_view text) {
    auto& in = *impl_;
    if (text.size() > in.limits.bytes) return make_error_code(Errc::too_large);
    const Bytes bytes = survey(text);
    if (bytes.control) return make_error_code(Errc::not_json);
    in.document.reset();
    in.value_pool.Clear();
    in.stack_pool.Clear();
    in.document.emplace(&in.value_pool, stack_bytes, &in.stack_pool);
    in.scratch.reserve(text.size() + simd_overrun);
    in.scratch.assign(text);
    constexpr unsigned unchecked = rapidjson::kParseIterativeFlag;
    const auto [ok, too_deep] = bytes.ascii ? in.generate<unchecked>() : in.generate<flags>();
    if (too_deep) return make_error_code(Errc::too_deep);
    if (!ok) return make_error_code(Errc::not_json);
    return Value{static_cast<const rapidjson::Value*>(&*in.document)};
}

}  // namespace hirewire::json
