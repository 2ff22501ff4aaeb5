#pragma once

#include <lethe/tokenizer/Tokenizer.h>

#include <QtWidgets/QWidget>

#include <memory>

class QCheckBox;
class QLabel;
class QPlainTextEdit;
class QTextEdit;

namespace lethe {

/// Type a text, see its pieces and ids, and whether it comes back unchanged.
class TokenizerPane final : public QWidget
{
    Q_OBJECT

public:
    explicit TokenizerPane(QWidget *parent = nullptr);
    /// Null: the model has none that works.
    void setTokenizer(std::shared_ptr<const Tokenizer> tokenizer);

private:
    void show();

    std::shared_ptr<const Tokenizer> m_tokenizer;
    QPlainTextEdit *m_text;
    QCheckBox *m_special;
    QTextEdit *m_pieces;
    QLabel *m_state;
    QPlainTextEdit *m_ids;
};

} // namespace lethe
