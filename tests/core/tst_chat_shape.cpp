// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <fstream>

#include <QTemporaryDir>
#include <QTest>

#include "core/io/json.h"
#include "core/model/chat_shape.h"
#include "core/model/open_model.h"
#include "tests/support/checkpoint_builder.h"
#include "tests/support/tokenizer_builder.h"

using namespace moescope;
using namespace moescope::test;
namespace fs = std::filesystem;

namespace {

struct Chat {
    QTemporaryDir folder;
    OpenModel open;

    explicit Chat(const std::string& modelType, const std::vector<std::string>& markers)
    {
        CheckpointBuilder builder;
        builder.add("a", DType::F32, {1}, {1.0F});
        if (builder.writeFile(path("model.safetensors")))
            open.checkpoint = *Checkpoint::open(path("model.safetensors"));
        TokenizerBuilder tokenizer({"a", "b", "c"}, {});
        for (const std::string& marker : markers)
            tokenizer.addToken(marker, Json{{"special", true}});
        if (const auto loaded = tokenizer.load())
            open.tokenizer = *loaded;
        open.modelType = modelType;
    }
    fs::path path(const char* name) const { return fs::path(folder.path().toStdString()) / name; }
    void write(const char* name, const std::string& text) const
    {
        std::ofstream(path(name), std::ios::binary) << text;
    }
    std::string reason() const
    {
        const auto shape = chatShapeOf(open);
        return shape ? "known" : shape.error().message;
    }
};

bool says(const std::string& text, std::string_view words)
{
    return text.find(words) != std::string::npos;
}

} // namespace

class TestChatShape : public QObject {
    Q_OBJECT

private slots:
    void aTemplateWithTheMarkersIsSure()
    {
        const std::string text = "{{ '<|im_start|>' + role }}<|im_end|>";
        for (const int way : {0, 1, 2}) {
            Chat chat("qwen3_moe", {"<|im_start|>", "<|im_end|>"});
            QVERIFY(chat.open.tokenizer);
            QVERIFY(says(chat.reason(), "no chat template"));
            if (way == 0)
                chat.write("chat_template.jinja", text);
            else if (way == 1)
                chat.write("tokenizer_config.json", dumpJson(Json{{"chat_template", text}}));
            else
                chat.write("tokenizer_config.json",
                    dumpJson(Json{{"chat_template", {{{"name", "default"}, {"template", text}}}}}));
            const auto shape = chatShapeOf(chat.open);
            QVERIFY2(shape, shape ? "" : shape.error().message.c_str());
            QCOMPARE(shape->before, std::string("<|im_start|>user\n"));
            QCOMPARE(shape->after, std::string("<|im_end|>\n<|im_start|>assistant\n"));
        }
    }

    void whatIsNotSureSaysWhy()
    {
        Chat other("qwen3_moe", {"<|im_start|>", "<|im_end|>"});
        other.write("chat_template.jinja", "[INST] {{ text }} [/INST]");
        QVERIFY(says(other.reason(), "does not use <|im_start|>"));

        Chat unknownToken("qwen3_moe", {"<|im_start|>"});
        unknownToken.write("chat_template.jinja", "<|im_start|><|im_end|>");
        QVERIFY(says(unknownToken.reason(), "does not know <|im_end|>"));

        Chat family("olmoe", {"<|user|>"});
        family.write("chat_template.jinja", "<|user|>");
        QVERIFY(says(family.reason(), "\"olmoe\""));

        Chat broken("qwen3_moe", {"<|im_start|>", "<|im_end|>"});
        broken.write("tokenizer_config.json", "{\"chat_template\": 3");
        QVERIFY(says(broken.reason(), "no chat template"));

        Chat silent("qwen3_moe", {});
        silent.open.tokenizer = nullptr;
        QVERIFY(says(silent.reason(), "tokenizer"));
    }
};

QTEST_APPLESS_MAIN(TestChatShape)
#include "tst_chat_shape.moc"
