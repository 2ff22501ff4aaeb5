#pragma once

#include <lethe/base/Paths.h>
#include <lethe/method/MethodCatalog.h>
#include <lethe/run/RunRecorder.h>

#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

namespace lethe::test {

/// A store, a spec that resolves, and sessions that play a script of records: no tensor is touched.
class ScriptedRun
{
public:
    /// Empty where all is there; else what is missing.
    std::string prepare()
    {
        const char *plugins = std::getenv("LETHE_PLUGINS");
        if (plugins == nullptr)
            return "LETHE_PLUGINS is not set";
        catalog = std::make_unique<MethodCatalog>(MethodCatalog::scan({plugins}));
        if (catalog->find("ga") == nullptr)
            return std::string("there is no method `ga` in ") + plugins;
        std::filesystem::create_directories(path("model"));
        for (const auto &[name, text] : {std::pair{"model/config.json", "{\"model_type\": \"llama\"}"},
                                         std::pair{"model/tokenizer.json", "{}"},
                                         std::pair{"model/model.safetensors", "weights"},
                                         std::pair{"forget.jsonl", "{\"question\": \"Who?\", \"answer\": \"Nobody.\"}\n"}})
            if (const auto written = writeFile(path(name), text); !written.ok())
                return written.error().message();
        auto opened = RunStore::open(path("store/lethe.sqlite"));
        if (!opened.ok())
            return opened.error().message();
        store = std::move(opened).value();
        return {};
    }

    std::filesystem::path path(const char *name) const { return std::filesystem::path(folder.path().toStdString()) / name; }

    ExperimentSpec spec() const
    {
        ExperimentSpec spec;
        spec.name = "scripted";
        spec.model = "model";
        spec.data.forget = DataSource{.path = "forget.jsonl", .prompt = "question", .answer = "answer", .alternate = ""};
        spec.method.id = "ga";
        spec.training.maxSteps = 3;
        spec.baseFolder = folder.path().toStdString();
        return spec;
    }

    RecordedRun recorded()
    {
        RecordedRun how;
        how.catalog = catalog.get();
        how.store = store.get();
        how.control = &control;
        how.findCheckpoint = [](const std::filesystem::path &) { return std::nullopt; };
        return how;
    }

    static StepRecord step(std::int64_t number)
    {
        StepRecord record;
        record.step = number;
        record.loss = 1.0 / static_cast<double>(number);
        record.tokens = 10;
        record.elapsed = static_cast<double>(number);
        return record;
    }

    QTemporaryDir folder;
    std::unique_ptr<MethodCatalog> catalog;
    std::unique_ptr<RunStore> store;
    RunControl control;
};

} // namespace lethe::test

#define VERIFY_OK(expression)                                                                                 \
    do {                                                                                                      \
        const auto &verifiedResult = (expression);                                                            \
        QVERIFY2(verifiedResult.ok(), verifiedResult.ok() ? "" : verifiedResult.error().message().c_str());    \
    } while (false)
