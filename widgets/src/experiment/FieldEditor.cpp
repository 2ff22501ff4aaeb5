#include "FieldEditor.h"

#include "../parts/Text.h"
#include "JsonPath.h"
#include "Segments.h"
#include "StepBox.h"
#include "TokenEdit.h"

#include <widgets/Dialogs.h>
#include <widgets/Theme.h>

#include <QtCore/QJsonArray>
#include <QtGui/QWheelEvent>
#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QCheckBox>
#include <QtWidgets/QComboBox>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QToolButton>
#include <algorithm>

namespace lethe {

namespace {

constexpr std::size_t kMostSegments = 4;
constexpr std::size_t kLongestSegment = 11; ///< letters; longer ones do not stand side by side

QHBoxLayout *lineOf(QWidget *widget)
{
    auto *line = new QHBoxLayout(widget);
    line->setContentsMargins(0, 0, 0, 0);
    line->setSpacing(Theme::space(1));
    return line;
}

class NumberField final : public FieldEditor
{
public:
    NumberField(const ParameterSpec &parameter, const FieldLook &look, QWidget *parent)
        : FieldEditor(parent), m_box(new StepBox(parameter.type == ParameterType::Integer, this))
    {
        lineOf(this)->addWidget(m_box);
        setFocusProxy(m_box);
        m_box->setBounds(parameter.minimum, parameter.maximum);
        if (const QJsonValue start = toJsonValue(parameter.defaultValue); start.isDouble())
            m_box->setStart(start.toDouble());
        if (!look.emptyMeaning.isEmpty())
            m_box->setEmptyMeaning(look.emptyMeaning);
        connect(m_box, &StepBox::edited, this, &FieldEditor::edited);
    }
    QJsonValue value() const override { return m_box->value(); }
    void setValue(const QJsonValue &value) override { m_box->setValue(value); }
    QWidget *control() override { return m_box; }

private:
    StepBox *m_box;
};

class FlagField final : public FieldEditor
{
public:
    explicit FlagField(QWidget *parent) : FieldEditor(parent), m_box(new QCheckBox(this))
    {
        auto *line = lineOf(this);
        line->addWidget(m_box);
        line->addStretch();
        setFocusProxy(m_box);
        connect(m_box, &QCheckBox::clicked, this, &FieldEditor::edited);
    }
    QJsonValue value() const override { return m_box->isChecked(); }
    void setValue(const QJsonValue &value) override { m_box->setChecked(value.toBool()); }
    QWidget *control() override { return m_box; }

private:
    QCheckBox *m_box;
};

class SegmentsField final : public FieldEditor
{
public:
    SegmentsField(const ParameterSpec &parameter, QWidget *parent) : FieldEditor(parent), m_segments(new Segments(toQt(parameter.choices), this))
    {
        lineOf(this)->addWidget(m_segments);
        setFocusProxy(m_segments);
        connect(m_segments, &Segments::edited, this, &FieldEditor::edited);
    }
    QJsonValue value() const override { return m_segments->choice(); }
    void setValue(const QJsonValue &value) override { m_segments->setChoice(value.toString()); }
    QWidget *control() override { return m_segments; }

private:
    Segments *m_segments;
};

/// A combo box that leaves the wheel to the form it stands in.
class CalmComboBox final : public QComboBox
{
public:
    explicit CalmComboBox(QWidget *parent) : QComboBox(parent) { setFocusPolicy(Qt::StrongFocus); }

protected:
    void wheelEvent(QWheelEvent *event) override
    {
        if (hasFocus())
            QComboBox::wheelEvent(event);
        else
            event->ignore();
    }
};

class ComboField final : public FieldEditor
{
public:
    ComboField(const QStringList &choices, bool editable, QWidget *parent) : FieldEditor(parent), m_combo(new CalmComboBox(this))
    {
        lineOf(this)->addWidget(m_combo);
        setFocusProxy(m_combo);
        m_combo->setEditable(editable);
        m_combo->setInsertPolicy(QComboBox::NoInsert);
        m_combo->addItems(choices);
        m_combo->setMinimumContentsLength(12);
        m_combo->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        connect(m_combo, &QComboBox::activated, this, &FieldEditor::edited);
        if (editable)
            connect(m_combo->lineEdit(), &QLineEdit::textEdited, this, &FieldEditor::edited);
    }
    QJsonValue value() const override { return m_combo->currentText(); }
    void setValue(const QJsonValue &value) override
    {
        const QString text = value.toString();
        if (m_combo->isEditable()) {
            if (m_combo->currentText() != text)
                m_combo->setEditText(text);
        } else {
            m_combo->setCurrentIndex(m_combo->findText(text));
        }
    }
    QWidget *control() override { return m_combo; }

private:
    QComboBox *m_combo;
};

class TextField final : public FieldEditor
{
public:
    TextField(const FieldLook &look, QWidget *parent)
        : FieldEditor(parent), m_line(new QLineEdit(this)), m_escaped(look.kind == FieldLook::Kind::EscapedText), m_mayBeEmpty(!look.emptyMeaning.isEmpty())
    {
        lineOf(this)->addWidget(m_line);
        setFocusProxy(m_line);
        m_line->setPlaceholderText(look.emptyMeaning);
        connect(m_line, &QLineEdit::textEdited, this, &FieldEditor::edited);
    }
    QJsonValue value() const override
    {
        if (m_mayBeEmpty && m_line->text().trimmed().isEmpty())
            return QJsonValue(QJsonValue::Null);
        return m_escaped ? unescaped(m_line->text()) : m_line->text();
    }
    void setValue(const QJsonValue &value) override
    {
        const QString text = value.isString() ? value.toString() : value.isNull() || value.isUndefined() ? QString() : jsonText(value);
        const QString shown = m_escaped ? escaped(text) : text;
        if (m_line->text() != shown)
            m_line->setText(shown);
    }
    QWidget *control() override { return m_line; }

private:
    /// A line break cannot be seen in a line: `\n` stands for it, and `\\` for a backslash.
    static QString escaped(QString text)
    {
        return text.replace(u'\\', QStringLiteral("\\\\")).replace(u'\n', QStringLiteral("\\n")).replace(u'\t', QStringLiteral("\\t"));
    }
    static QString unescaped(const QString &text)
    {
        QString plain;
        for (qsizetype at = 0; at < text.size(); ++at) {
            const QChar next = at + 1 < text.size() ? text.at(at + 1) : QChar();
            const bool pair = text.at(at) == u'\\' && (next == u'n' || next == u't' || next == u'\\');
            plain.append(pair ? (next == u'n' ? QChar(u'\n') : next == u't' ? QChar(u'\t') : next) : text.at(at));
            at += pair;
        }
        return plain;
    }

    QLineEdit *m_line;
    bool m_escaped;
    bool m_mayBeEmpty;
};

class FolderField final : public FieldEditor
{
public:
    FolderField(const FieldLook &look, Dialogs &dialogs, QWidget *parent)
        : FieldEditor(parent), m_line(new QLineEdit(this)), m_mayBeEmpty(!look.emptyMeaning.isEmpty())
    {
        auto *line = lineOf(this);
        auto *browse = new QToolButton(this);
        browse->setIcon(Theme::icon(QStringLiteral("folder-open")));
        browse->setToolTip(tr("Choose a folder…"));
        browse->setAccessibleName(tr("Choose a folder"));
        line->addWidget(m_line, 1);
        line->addWidget(browse);
        setFocusProxy(m_line);
        m_line->setPlaceholderText(look.emptyMeaning);
        connect(m_line, &QLineEdit::textEdited, this, &FieldEditor::edited);
        connect(browse, &QToolButton::clicked, this, [this, &dialogs] {
            const QString folder = dialogs.chooseFolder(window(), tr("Choose a folder"), m_line->text());
            if (folder.isEmpty())
                return;
            m_line->setText(folder);
            Q_EMIT edited();
        });
    }
    QJsonValue value() const override
    {
        const QString text = m_line->text().trimmed();
        return text.isEmpty() && m_mayBeEmpty ? QJsonValue(QJsonValue::Null) : QJsonValue(text);
    }
    void setValue(const QJsonValue &value) override
    {
        if (m_line->text() != value.toString())
            m_line->setText(value.toString());
    }
    QWidget *control() override { return m_line; }

private:
    QLineEdit *m_line;
    bool m_mayBeEmpty;
};

class ListField final : public FieldEditor
{
public:
    ListField(const FieldLook &look, bool numbers, QWidget *parent) : FieldEditor(parent), m_tokens(new TokenEdit(this)), m_numbers(numbers)
    {
        lineOf(this)->addWidget(m_tokens);
        setFocusProxy(m_tokens);
        m_tokens->setPlaceholder(look.emptyMeaning.isEmpty() ? tr("add…") : look.emptyMeaning);
        if (!look.suggestions.isEmpty())
            m_tokens->setSuggestions(look.suggestions);
        connect(m_tokens, &TokenEdit::edited, this, &FieldEditor::edited);
    }
    QJsonValue value() const override
    {
        QJsonArray list;
        for (const QString &token : m_tokens->tokens()) {
            bool ok = false;
            const double number = QLocale::c().toDouble(token, &ok);
            list.append(m_numbers && ok ? QJsonValue(number) : QJsonValue(token));
        }
        return list;
    }
    void setValue(const QJsonValue &value) override
    {
        QStringList tokens;
        for (const QJsonValue &item : value.toArray())
            tokens.append(item.isString() ? item.toString() : jsonText(item));
        m_tokens->setTokens(tokens);
    }
    QWidget *control() override { return m_tokens; }

private:
    TokenEdit *m_tokens;
    bool m_numbers;
};

} // namespace

QJsonValue toJsonValue(const ParameterValue &value)
{
    return std::visit(
        [](const auto &held) -> QJsonValue {
            using Held = std::decay_t<decltype(held)>;
            if constexpr (std::is_same_v<Held, std::monostate>) {
                return QJsonValue(QJsonValue::Null);
            } else if constexpr (std::is_same_v<Held, std::string>) {
                return toQt(std::string_view(held));
            } else if constexpr (std::is_same_v<Held, std::int64_t>) {
                return static_cast<qint64>(held);
            } else if constexpr (std::is_same_v<Held, std::vector<std::string>>) {
                return QJsonArray::fromStringList(toQt(held));
            } else if constexpr (std::is_same_v<Held, std::vector<double>>) {
                QJsonArray list;
                for (const double item : held)
                    list.append(item);
                return list;
            } else {
                return held;
            }
        },
        value);
}

FieldEditor *makeFieldEditor(const ParameterSpec &parameter, const FieldLook &look, Dialogs &dialogs, QWidget *parent)
{
    if (look.kind == FieldLook::Kind::Folder)
        return new FolderField(look, dialogs, parent);
    if (look.kind == FieldLook::Kind::EditableChoice)
        return new ComboField(look.suggestions, true, parent);
    switch (parameter.type) {
    case ParameterType::Integer:
    case ParameterType::Number: return new NumberField(parameter, look, parent);
    case ParameterType::Flag: return new FlagField(parent);
    case ParameterType::Choice:
        if (parameter.choices.size() <= kMostSegments
            && std::ranges::all_of(parameter.choices, [](const std::string &choice) { return choice.size() <= kLongestSegment; }))
            return new SegmentsField(parameter, parent);
        return new ComboField(toQt(parameter.choices), false, parent);
    case ParameterType::List: return new ListField(look, std::holds_alternative<std::vector<double>>(parameter.defaultValue), parent);
    case ParameterType::Text: break;
    }
    return new TextField(look, parent);
}

} // namespace lethe
