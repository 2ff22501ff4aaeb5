// The one file that sees Apache Arrow (https://arrow.apache.org/docs/cpp/parquet.html). Arrow checks what it reads and reports by
// Status; what it throws all the same ends here.

#include "data/ParquetModule.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <parquet/arrow/reader.h>

#include <nlohmann/json.hpp>

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

namespace {

using Json = nlohmann::ordered_json;

/// Rows that are turned into columns at once: what bounds the memory beside the file's own bytes.
constexpr std::int64_t kBatchRows = 4096;

Json valueAt(const arrow::Array &array, std::int64_t index);

template<typename List>
Json elementsAt(const List &list, std::int64_t index)
{
    Json elements = Json::array();
    const std::int64_t begin = list.value_offset(index), end = begin + list.value_length(index);
    for (std::int64_t i = begin; i < end; ++i)
        elements.push_back(valueAt(*list.values(), i));
    return elements;
}

template<typename Text>
Json textAt(const arrow::Array &array, std::int64_t index)
{
    return std::string(static_cast<const Text &>(array).GetView(index));
}

template<typename Number>
Json numberAt(const arrow::Array &array, std::int64_t index)
{
    return static_cast<const Number &>(array).Value(index);
}

Json valueAt(const arrow::Array &array, std::int64_t index)
{
    if (array.IsNull(index))
        return nullptr;
    switch (array.type_id()) {
    case arrow::Type::BOOL: return numberAt<arrow::BooleanArray>(array, index);
    case arrow::Type::INT8: return numberAt<arrow::Int8Array>(array, index);
    case arrow::Type::INT16: return numberAt<arrow::Int16Array>(array, index);
    case arrow::Type::INT32: return numberAt<arrow::Int32Array>(array, index);
    case arrow::Type::INT64: return numberAt<arrow::Int64Array>(array, index);
    case arrow::Type::UINT8: return numberAt<arrow::UInt8Array>(array, index);
    case arrow::Type::UINT16: return numberAt<arrow::UInt16Array>(array, index);
    case arrow::Type::UINT32: return numberAt<arrow::UInt32Array>(array, index);
    case arrow::Type::UINT64: return numberAt<arrow::UInt64Array>(array, index);
    case arrow::Type::FLOAT: return numberAt<arrow::FloatArray>(array, index);
    case arrow::Type::DOUBLE: return numberAt<arrow::DoubleArray>(array, index);
    case arrow::Type::STRING:
    case arrow::Type::BINARY: return textAt<arrow::BinaryArray>(array, index); // what is no text fails as such when it is written
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY: return textAt<arrow::LargeBinaryArray>(array, index);
    case arrow::Type::LIST: return elementsAt(static_cast<const arrow::ListArray &>(array), index);
    case arrow::Type::LARGE_LIST: return elementsAt(static_cast<const arrow::LargeListArray &>(array), index);
    case arrow::Type::FIXED_SIZE_LIST: return elementsAt(static_cast<const arrow::FixedSizeListArray &>(array), index);
    case arrow::Type::DICTIONARY: {
        const auto &coded = static_cast<const arrow::DictionaryArray &>(array);
        return valueAt(*coded.dictionary(), coded.GetValueIndex(index));
    }
    case arrow::Type::STRUCT: {
        const auto &fields = static_cast<const arrow::StructArray &>(array);
        Json object = Json::object();
        for (int i = 0; i < fields.num_fields(); ++i)
            object[fields.struct_type()->field(i)->name()] = valueAt(*fields.field(i), index);
        return object;
    }
    default: break;
    }
    // dates, times, decimals: as Arrow writes them
    const auto scalar = array.GetScalar(index);
    if (!scalar.ok())
        throw std::runtime_error(scalar.status().message());
    return scalar.ValueUnsafe()->ToString();
}

/// \return whether more rows are wanted
bool hand(const arrow::RecordBatch &batch, const LetheParquetRows &rows)
{
    for (std::int64_t at = 0; at < batch.num_rows(); ++at) {
        std::string text, reason;
        try {
            Json object = Json::object();
            for (int column = 0; column < batch.num_columns(); ++column)
                object[batch.schema()->field(column)->name()] = valueAt(*batch.column(column), at);
            text = object.dump();
        } catch (const Json::type_error &) {
            reason = "a column holds bytes that are not UTF-8";
        }
        if (!rows.row(rows.context, reason.empty() ? text.data() : nullptr, text.size(), reason.empty() ? nullptr : reason.c_str()))
            return false;
    }
    return true;
}

arrow::Status read(const char *bytes, std::size_t size, const LetheParquetRows &rows)
{
    auto file = std::make_shared<arrow::io::BufferReader>(
        std::make_shared<arrow::Buffer>(reinterpret_cast<const std::uint8_t *>(bytes), static_cast<std::int64_t>(size)));
    parquet::ArrowReaderProperties properties;
    properties.set_batch_size(kBatchRows);
    properties.set_use_threads(false);
    parquet::arrow::FileReaderBuilder builder;
    ARROW_RETURN_NOT_OK(builder.Open(std::move(file)));
    std::unique_ptr<parquet::arrow::FileReader> reader;
    ARROW_RETURN_NOT_OK(builder.memory_pool(arrow::default_memory_pool())->properties(properties)->Build(&reader));
    ARROW_ASSIGN_OR_RAISE(const auto batches, reader->GetRecordBatchReader());
    std::shared_ptr<arrow::RecordBatch> batch;
    for (;;) {
        ARROW_RETURN_NOT_OK(batches->ReadNext(&batch));
        if (!batch)
            return arrow::Status::OK();
        ARROW_RETURN_NOT_OK(batch->ValidateFull()); // offsets that a hostile file made up are found before they are followed
        if (!hand(*batch, rows))
            return arrow::Status::OK();
    }
}

} // namespace

extern "C" __attribute__((visibility("default"))) bool lethe_parquet_read(const char *bytes, std::size_t size, LetheParquetRows rows,
                                                                         char *problem, std::size_t room)
{
    try {
        const arrow::Status status = read(bytes, size, rows);
        if (status.ok())
            return true;
        std::snprintf(problem, room, "%s", status.message().c_str());
    } catch (const std::exception &error) {
        std::snprintf(problem, room, "%s", error.what());
    }
    return false;
}
