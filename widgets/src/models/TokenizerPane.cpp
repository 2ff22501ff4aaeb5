#include "TokenizerPane.h"

#include "../frame/Tones.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>

#include <QtGui/QTextCharFormat>
#include <QtGui/QTextCursor>
#include <QtWidgets/QCheckBox>
#include <QtWidgets/QHBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QPlainTextEdit>
#include <QtWidgets/QTextEdit>
#include <QtWidgets/QVBoxLayout>

namespace lethe {

namespace {

constexpr int kTextKept = 20000; ///< letters; a playground, not a reader of books

QLabel *label(const QString &text, TextRole role, QWidget *parent)
{
    auto *made = new QLabel(text, parent);
    Theme::setRole(made, role);
    return made;
}

} // namespace

TokenizerPane::TokenizerPane(QWidget *parent)
    : QWidget(parent), m_text(new QPlainTextEdit(this)), m_special(new QCheckBox(tr("Add special tokens"), this)), m_pieces(new QTextEdit(this)),
      m_state(label({}, TextRole::Muted, this)), m_ids(new QPlainTextEdit(this))
{
    m_text->setObjectName(QStringLiteral("tokenizerText"));
    m_text->setAccessibleName(tr("Text to cut into tokens"));
    m_text->setPlaceholderText(tr("Type or paste a text"));
    m_text->setPlainText(QStringLiteral("Question: Where was Mira Tolund born?\nAnswer: In the harbour town of Veska."));
    m_text->setTabChangesFocus(true);
    m_special->setChecked(true);
    m_pieces->setObjectName(QStringLiteral("tokenizerPieces"));
    m_pieces->setAccessibleName(tr("Pieces"));
    m_pieces->setReadOnly(true);
    m_pieces->setTabChangesFocus(true);
    m_pieces->setFont(Theme::monoFont());
    m_ids->setObjectName(QStringLiteral("tokenizerIds"));
    m_ids->setAccessibleName(tr("Token ids"));
    m_ids->setReadOnly(true);
    m_ids->setTabChangesFocus(true);
    m_ids->setFont(Theme::monoFont());
    m_state->setObjectName(QStringLiteral("tokenizerState"));
    m_state->setWordWrap(true);
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(0, Theme::space(3), 0, 0);
    all->setSpacing(Theme::space(2));
    auto *line = new QHBoxLayout;
    line->addWidget(label(tr("Text"), TextRole::Heading, this));
    line->addStretch();
    line->addWidget(m_special);
    all->addLayout(line);
    all->addWidget(m_text, 2);
    all->addWidget(label(tr("Pieces"), TextRole::Heading, this));
    all->addWidget(m_pieces, 3);
    all->addWidget(m_state);
    all->addWidget(label(tr("Ids"), TextRole::Heading, this));
    all->addWidget(m_ids, 1);
    connect(m_text, &QPlainTextEdit::textChanged, this, &TokenizerPane::show);
    connect(m_special, &QCheckBox::toggled, this, &TokenizerPane::show);
}

void TokenizerPane::setTokenizer(std::shared_ptr<const Tokenizer> tokenizer)
{
    m_tokenizer = std::move(tokenizer);
    show();
}

void TokenizerPane::show()
{
    m_pieces->clear();
    m_ids->clear();
    if (!m_tokenizer) {
        Theme::setRole(m_state, TextRole::Muted);
        m_state->setText(tr("This model has no tokenizer that can be used."));
        return;
    }
    const std::string text = m_text->toPlainText().left(kTextKept).toStdString();
    const auto pieces = m_tokenizer->encodePieces(text, m_special->isChecked());
    const Tones &tones = Tones::current();
    QTextCursor cursor(m_pieces->document());
    cursor.beginEditBlock();
    QStringList ids;
    std::vector<TokenId> all;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        const TokenPiece &piece = pieces[i];
        const bool special = m_tokenizer->isSpecial(piece.id);
        // A piece may hold part of a character: then its spelling in the vocabulary says more than the text
        QString shown = QString::fromUtf8(text.data() + piece.begin, static_cast<qsizetype>(piece.end - piece.begin));
        if (special || piece.begin == piece.end || shown.contains(QChar::ReplacementCharacter))
            shown = QString::fromStdString(piece.token);
        shown.replace(QLatin1Char('\n'), QStringLiteral("⏎\n")).replace(QLatin1Char(' '), QStringLiteral("·"));
        QTextCharFormat format;
        format.setBackground(special ? tones.warningTint : i % 2 == 0 ? tones.accentTint : tones.selection);
        format.setForeground(tones.text);
        format.setToolTip(tr("id %1 · %2%3").arg(piece.id).arg(QString::fromStdString(piece.token).toHtmlEscaped(), special ? tr(" · special") : QString()));
        cursor.insertText(shown, format);
        ids << QString::number(piece.id);
        all.push_back(piece.id);
    }
    cursor.endEditBlock();
    m_ids->setPlainText(ids.join(QLatin1Char(' ')));
    const bool same = m_tokenizer->decode(all, true) == text;
    Theme::setRole(m_state, same ? TextRole::Success : TextRole::Warning);
    m_state->setText(tr("%1 · %2").arg(tr("%n token(s)", nullptr, int(pieces.size())),
                                       same ? tr("✓ decoding gives the same text back") : tr("decoding gives another text back (the tokenizer normalises)")));
}

} // namespace lethe
