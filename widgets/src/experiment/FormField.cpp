#include "FormField.h"

#include "../parts/Panel.h"
#include "../parts/Text.h"
#include "JsonPath.h"

#include <widgets/Theme.h>

#include <QtGui/QPainter>
#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QToolButton>

namespace lethe {

/// The sign of a changed value, as high as the control beside it.
class ChangeDot final : public QWidget
{
public:
    ChangeDot(int height, QWidget *parent) : QWidget(parent) { setFixedSize(Theme::space(3), height); }
    void setChanged(bool changed)
    {
        m_changed = changed;
        setAccessibleName(changed ? FormField::tr("changed") : QString());
        update();
    }

protected:
    void paintEvent(QPaintEvent *) override
    {
        if (!m_changed)
            return;
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(Theme::accent());
        const double radius = Theme::space(2) / 2.0 - 1;
        painter.drawEllipse(QRectF(rect()).center(), radius, radius);
    }

private:
    bool m_changed = false;
};

int FormField::labelWidth(const QFontMetrics &metrics)
{
    return metrics.averageCharWidth() * 17;
}

FormField::FormField(const QString &path, const ParameterSpec &parameter, const FieldLook &look, Dialogs &dialogs, QWidget *parent)
    : QWidget(parent), m_path(path), m_parameter(parameter), m_editor(makeFieldEditor(parameter, look, dialogs, this)),
      m_dot(new ChangeDot(m_editor->sizeHint().height(), this)), m_label(new QLabel(this)), m_reset(new QToolButton(this)), m_problem(new QLabel(this)),
      m_advice(new QLabel(this)),
      m_baseline(toJsonValue(parameter.defaultValue))
{
    setObjectName(path);
    setFocusProxy(m_editor);
    const QString label = parameter.label.empty() ? toQt(std::string_view(parameter.name)).replace(u'_', u' ') : toQt(std::string_view(parameter.label));
    m_label->setText(label);
    m_label->setBuddy(m_editor->control());
    m_label->setWordWrap(true);
    m_label->setFixedWidth(labelWidth(fontMetrics()));
    m_label->setMinimumHeight(m_editor->sizeHint().height());
    m_label->setAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    m_editor->setMinimumHeight(m_editor->sizeHint().height());

    QStringList tip;
    if (!parameter.help.empty())
        tip << toQt(std::string_view(parameter.help));
    if (const QString bounds = range(); !bounds.isEmpty())
        tip << tr("Range: %1").arg(bounds);
    if (const QJsonValue standard = toJsonValue(parameter.defaultValue); !standard.isNull())
        tip << tr("Default: %1").arg(jsonText(standard));
    tip << path;
    setToolTip(tip.join(u'\n'));
    QWidget *control = m_editor->control();
    control->setAccessibleName(label);
    control->setAccessibleDescription(toQt(std::string_view(parameter.help)));

    m_reset->setIcon(Theme::icon(QStringLiteral("undo")));
    m_reset->setAutoRaise(true);
    m_reset->setObjectName(path + QStringLiteral(".reset"));
    m_reset->setAccessibleName(tr("Reset %1").arg(label));
    QSizePolicy keepsRoom = m_reset->sizePolicy();
    keepsRoom.setRetainSizeWhenHidden(true);
    m_reset->setSizePolicy(keepsRoom);
    m_problem->setObjectName(path + QStringLiteral(".problem"));
    m_problem->setWordWrap(true);
    m_problem->setTextInteractionFlags(Qt::TextSelectableByMouse);
    Theme::setRole(m_problem, TextRole::Error);
    m_problem->hide();
    m_advice->setObjectName(path + QStringLiteral(".advice"));
    m_advice->setWordWrap(true);
    Theme::setRole(m_advice, TextRole::Warning);
    m_advice->hide();

    auto *line = new QHBoxLayout;
    line->setSpacing(Theme::space(2));
    line->addWidget(m_dot, 0, Qt::AlignTop);
    line->addWidget(m_label, 0, Qt::AlignTop);
    const bool wide = parameter.type == ParameterType::Text || parameter.type == ParameterType::List || parameter.type == ParameterType::Choice
        || look.kind == FieldLook::Kind::Folder || parameter.type == ParameterType::Flag;
    line->addWidget(m_editor, wide ? 1 : 0);
    QString aside = toQt(std::string_view(parameter.unit));
    if (!wide && parameter.type == ParameterType::Number && look.emptyMeaning.isEmpty() && aside.isEmpty())
        aside = range();
    if (!wide) {
        auto *note = captionLabel(aside, true);
        note->setMinimumWidth(1); // it wraps rather than push the form out of its column
        line->addWidget(note, 1);
    }
    line->addWidget(m_reset, 0, Qt::AlignTop);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(Theme::space(1) / 2);
    layout->addLayout(line);
    auto *below = new QHBoxLayout;
    below->addSpacing(m_dot->width() + m_label->width() + 2 * Theme::space(2));
    below->addWidget(m_problem, 1);
    below->addWidget(m_advice, 1);
    layout->addLayout(below);

    connect(m_editor, &FieldEditor::edited, this, [this] {
        showChange();
        Q_EMIT edited();
    });
    connect(m_reset, &QToolButton::clicked, this, [this] {
        setValue(m_baseline);
        Q_EMIT edited();
    });
    showChange();
}

QString FormField::range() const
{
    const auto text = [](double value) { return jsonText(QJsonValue(value)); };
    if (m_parameter.minimum && m_parameter.maximum)
        return (m_parameter.exclusiveMinimum ? tr("above %1, up to %2") : tr("%1 – %2")).arg(text(*m_parameter.minimum), text(*m_parameter.maximum));
    if (m_parameter.minimum)
        return (m_parameter.exclusiveMinimum ? tr("above %1") : tr("%1 or more")).arg(text(*m_parameter.minimum));
    if (m_parameter.maximum)
        return tr("%1 or less").arg(text(*m_parameter.maximum));
    return {};
}

void FormField::setValue(const QJsonValue &value)
{
    m_editor->setValue(value);
    showChange();
}

void FormField::setBaseline(const QJsonValue &baseline, const QString &origin)
{
    m_baseline = baseline;
    const QString shown = baseline.isNull() || baseline.isUndefined() ? tr("empty") : jsonText(baseline);
    m_reset->setToolTip(tr("Back to %1 (%2)").arg(shown, origin));
    showChange();
}

bool FormField::isChanged() const
{
    return !sameJson(m_editor->value(), m_baseline);
}

void FormField::showChange()
{
    const bool changed = isChanged();
    m_reset->setVisible(changed);
    m_dot->setChanged(changed);
    Theme::mark(m_editor->control(), "changed", changed);
}

void FormField::setAdvice(const QString &text)
{
    m_advice->setText(text);
    m_advice->setVisible(!text.isEmpty() && m_problem->isHidden());
}

void FormField::setProblem(const QString &text)
{
    if (text == problem())
        return;
    m_problem->setText(text);
    m_problem->setVisible(!text.isEmpty());
    m_advice->setVisible(text.isEmpty() && !m_advice->text().isEmpty());
    Theme::mark(m_editor->control(), "invalid", !text.isEmpty());
    m_editor->control()->setAccessibleDescription(text.isEmpty() ? toQt(std::string_view(m_parameter.help)) : text);
}

QString FormField::problem() const
{
    return m_problem->text();
}

} // namespace lethe
