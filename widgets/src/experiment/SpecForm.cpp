#include "SpecForm.h"

#include "../parts/Panel.h"
#include "../parts/Fold.h"
#include "../parts/Text.h"
#include "FormField.h"
#include "JsonPath.h"

#include <lethe/spec/SpecReader.h>

#include <widgets/Theme.h>

#include <QtCore/QJsonDocument>
#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QCheckBox>
#include <QtWidgets/QLabel>
#include <QtWidgets/QPushButton>

#include <algorithm>

namespace lethe {

namespace {

const QString kLora = QStringLiteral("training.lora");
const QString kEval = QStringLiteral("eval");
const QString kTemplate = QStringLiteral("data.template");

QJsonObject standardPart(const QString &path)
{
    ExperimentSpec spec;
    spec.eval = EvalSpec{};
    spec.training.lora = LoraSpec{};
    return jsonAt(QJsonDocument::fromJson(QByteArray::fromStdString(writeSpec(spec))).object(), path).toObject();
}

} // namespace

SpecForm::SpecForm(Dialogs &dialogs, const QStringList &devices, QWidget *parent)
    : QWidget(parent), m_dialogs(dialogs), m_devices(devices), m_origin(tr("default")), m_layout(new QVBoxLayout(this))
{
    setObjectName(QStringLiteral("pageContent"));
    m_layout->setContentsMargins(0, 0, Theme::space(1), 0);
    m_layout->setSpacing(Theme::space(3));
    build();
}

Panel *SpecForm::addGroup(const QString &title, const QString &objectName)
{
    auto *card = new Panel(title, this);
    card->setObjectName(objectName);
    m_layout->addWidget(card);
    return card;
}

void SpecForm::build()
{
    m_methodCard = addGroup(tr("Method"), QStringLiteral("groupMethod"));
    m_methodBody = new QWidget(m_methodCard);
    m_methodCard->body()->addWidget(m_methodBody);

    Panel *training = addGroup(tr("Training"), QStringLiteral("groupTraining"));
    addFields(training, QStringLiteral("training"), trainingFields(m_devices));
    m_lora = new QCheckBox(tr("LoRA: train small adapters, leave the weights"), training);
    m_lora->setObjectName(kLora + QStringLiteral(".on"));
    training->body()->addWidget(m_lora);
    m_loraBody = new QWidget(training);
    auto *loraLayout = new QVBoxLayout(m_loraBody);
    loraLayout->setContentsMargins(0, 0, 0, 0);
    auto *loraCard = new Panel(QString(), m_loraBody);
    loraLayout->addWidget(loraCard);
    training->body()->addWidget(m_loraBody);
    addFields(loraCard, QStringLiteral("lora"), loraFields());
    connect(m_lora, &QCheckBox::clicked, this, [this](bool on) { setPart(kLora, on); });

    Panel *evaluation = addGroup(tr("Evaluation"), QStringLiteral("groupEvaluation"));
    m_eval = new QCheckBox(tr("Measure before, during and after the run"), evaluation);
    m_eval->setObjectName(kEval + QStringLiteral(".on"));
    evaluation->body()->addWidget(m_eval);
    m_evalBody = new QWidget(evaluation);
    auto *evalLayout = new QVBoxLayout(m_evalBody);
    evalLayout->setContentsMargins(0, 0, 0, 0);
    auto *inner = new Panel(QString(), m_evalBody);
    inner->setProperty("card", false);
    inner->layout()->setContentsMargins(0, 0, 0, 0);
    evalLayout->addWidget(inner);
    evaluation->body()->addWidget(m_evalBody);
    addFields(inner, QStringLiteral("evaluation"), evaluationFields());
    connect(m_eval, &QCheckBox::clicked, this, [this](bool on) { setPart(kEval, on); });

    Panel *dataCard = addGroup(tr("Model and data"), QStringLiteral("groupData"));
    const std::vector<SpecField> model = modelFields();
    addFields(dataCard, QStringLiteral("model"), {model.front()});
    auto *modelLine = new QHBoxLayout;
    m_modelText = captionLabel();
    m_modelText->setObjectName(QStringLiteral("experimentModelText"));
    m_modelButton = new QPushButton(Theme::icon(QStringLiteral("models")), tr("Choose a model…"), dataCard);
    m_modelButton->setObjectName(QStringLiteral("experimentChooseModel"));
    modelLine->addSpacing(FormField::labelWidth(fontMetrics()) + Theme::space(7));
    modelLine->addWidget(m_modelText, 1);
    modelLine->addWidget(m_modelButton);
    dataCard->body()->addLayout(modelLine);
    connect(m_modelButton, &QPushButton::clicked, this, &SpecForm::modelRequested);

    m_sets = new QWidget(dataCard);
    m_sets->setObjectName(QStringLiteral("data.forget"));
    auto *sets = new QVBoxLayout(m_sets);
    sets->setContentsMargins(0, 0, 0, 0);
    sets->setSpacing(Theme::space(1));
    auto *line = new QHBoxLayout;
    line->setSpacing(Theme::space(2));
    auto *name = new QLabel(tr("sets"), m_sets);
    name->setFixedWidth(FormField::labelWidth(fontMetrics()));
    m_setsText = new QLabel(m_sets);
    m_setsText->setObjectName(QStringLiteral("experimentSetsText"));
    m_setsText->setWordWrap(true);
    m_setsButton = new QPushButton(Theme::icon(QStringLiteral("data")), tr("Edit sets…"), m_sets);
    m_setsButton->setObjectName(QStringLiteral("experimentEditSets"));
    line->addSpacing(Theme::space(5));
    line->addWidget(name);
    line->addWidget(m_setsText, 1);
    line->addWidget(m_setsButton);
    sets->addLayout(line);
    for (const char *part : {"data.forget", "data.retain"}) {
        auto *problem = new QLabel(m_sets);
        problem->setObjectName(QLatin1String(part) + QStringLiteral(".problem"));
        problem->setWordWrap(true);
        problem->setContentsMargins(FormField::labelWidth(fontMetrics()) + Theme::space(7), 0, 0, 0);
        Theme::setRole(problem, TextRole::Error);
        problem->hide();
        sets->addWidget(problem);
        m_lineProblems.insert(QLatin1String(part), problem);
    }
    dataCard->body()->addWidget(m_sets);
    connect(m_setsButton, &QPushButton::clicked, this, &SpecForm::setsRequested);
    m_refusals = buildRefusals(dataCard);
    dataCard->body()->addWidget(m_refusals);
    std::vector<SpecField> others = dataFields();
    others.insert(others.end(), model.begin() + 1, model.end());
    addFields(dataCard, QStringLiteral("data"), others);
    m_layout->addStretch();
}

QWidget *SpecForm::buildRefusals(QWidget *parent)
{
    auto *refusals = new QWidget(parent);
    refusals->setObjectName(QStringLiteral("data.refusals"));
    auto *column = new QVBoxLayout(refusals);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(Theme::space(1));
    auto *line = new QHBoxLayout;
    line->setSpacing(Theme::space(2));
    auto *name = new QLabel(tr("replacement answers"), refusals);
    name->setFixedWidth(FormField::labelWidth(fontMetrics()));
    name->setWordWrap(true);
    m_refusalsText = new QLabel(refusals);
    m_refusalsText->setObjectName(QStringLiteral("experimentRefusalsText"));
    m_refusalsText->setWordWrap(true);
    m_refusalsButton = new QPushButton(Theme::icon(QStringLiteral("note")), tr("Edit answers…"), refusals);
    m_refusalsButton->setObjectName(QStringLiteral("experimentEditRefusals"));
    m_refusalsButton->setToolTip(tr("The list of refusals that forget questions are answered with"));
    line->addSpacing(Theme::space(5));
    line->addWidget(name);
    line->addWidget(m_refusalsText, 1);
    line->addWidget(m_refusalsButton);
    column->addLayout(line);
    auto *problem = new QLabel(refusals);
    problem->setObjectName(QStringLiteral("data.refusals.problem"));
    problem->setWordWrap(true);
    problem->setContentsMargins(FormField::labelWidth(fontMetrics()) + Theme::space(7), 0, 0, 0);
    Theme::setRole(problem, TextRole::Error);
    problem->hide();
    column->addWidget(problem);
    m_lineProblems.insert(QStringLiteral("data.refusals"), problem);
    connect(m_refusalsButton, &QPushButton::clicked, this, &SpecForm::refusalsRequested);
    refusals->hide();
    return refusals;
}

void SpecForm::setRefusalsText(const QString &text, bool missing)
{
    m_refusalsText->setText(text);
    m_refusalsButton->setText(missing ? tr("Choose answers…") : tr("Edit answers…"));
    Theme::mark(m_refusalsButton, "primary", missing);
}

void SpecForm::addFields(Panel *card, const QString &group, const std::vector<SpecField> &fields)
{
    Fold *more = nullptr;
    for (const SpecField &entry : fields) {
        auto *field = new FormField(entry.path, entry.parameter, entry.look, m_dialogs, card);
        m_fields.insert(entry.path, field);
        m_order.append(entry.path);
        connect(field, &FormField::edited, this, [this, field] { fieldEdited(field); });
        if (entry.parameter.advanced && !more) {
            more = new Fold(tr("More"), card);
            more->setObjectName(QStringLiteral("fold_") + group);
            m_folds.insert(group, more);
            connect(more, &Fold::toggled, this, &SpecForm::foldsChanged);
        }
        if (entry.parameter.advanced)
            more->body()->addWidget(field);
        else
            card->body()->addWidget(field);
    }
    if (more)
        card->body()->addWidget(more);
}

void SpecForm::setMethod(const MethodManifest *manifest, const QString &why)
{
    for (const QString &path : std::as_const(m_methodPaths)) {
        m_fields.remove(path);
        m_order.removeAll(path);
    }
    m_methodPaths.clear();
    const bool wasOpen = m_folds.contains(QStringLiteral("method")) && m_folds.value(QStringLiteral("method"))->isOpen();
    m_folds.remove(QStringLiteral("method"));
    delete m_methodBody;
    m_methodBody = new QWidget(m_methodCard);
    auto *layout = new QVBoxLayout(m_methodBody);
    layout->setContentsMargins(0, 0, 0, 0);
    m_methodCard->body()->addWidget(m_methodBody);
    m_methodId = manifest ? toQt(std::string_view(manifest->id)) : QString();
    m_refusals->setVisible(manifest && std::find(manifest->needs.begin(), manifest->needs.end(), "alternate") != manifest->needs.end());
    m_methodCard->setTitle(manifest ? toQt(std::string_view(manifest->name)) : tr("Method"));

    // `method.id` itself: chosen in the list beside the form, judged here.
    auto *problem = new QLabel(m_methodBody);
    problem->setObjectName(QStringLiteral("method.id.problem"));
    problem->setWordWrap(true);
    Theme::setRole(problem, TextRole::Error);
    problem->hide();
    m_lineProblems.insert(QStringLiteral("method.id"), problem);
    layout->addWidget(problem);
    if (!manifest) {
        layout->addWidget(mutedLabel(why, true));
        return;
    }
    if (manifest->parameters.empty())
        layout->addWidget(mutedLabel(tr("This method has no settings of its own."), true));
    std::vector<SpecField> fields;
    for (const ParameterSpec &parameter : manifest->parameters)
        fields.push_back({QStringLiteral("method.parameters.") + toQt(std::string_view(parameter.name)), parameter,
                          std::holds_alternative<std::monostate>(parameter.defaultValue)
                              ? FieldLook{.kind = FieldLook::Kind::ByType, .emptyMeaning = tr("none"), .suggestions = {}}
                              : FieldLook{}});
    auto *inner = new Panel(QString(), m_methodBody);
    inner->setProperty("card", false);
    inner->layout()->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(inner);
    const QStringList before = m_order;
    m_order.clear();
    addFields(inner, QStringLiteral("method"), fields);
    m_methodPaths = m_order;
    m_order += before;
    if (m_folds.contains(QStringLiteral("method")))
        m_folds.value(QStringLiteral("method"))->setOpen(wasOpen);
    setDocument(m_document);
    setBaseline(m_baseline, m_origin);
}

QJsonValue SpecForm::shownValue(const FormField &field) const
{
    const QJsonValue value = jsonAt(m_document, field.path());
    // A parameter that the spec leaves out has its default.
    return value.isUndefined() ? toJsonValue(field.parameter().defaultValue) : value;
}

void SpecForm::setDocument(const QJsonObject &document)
{
    m_document = document;
    if (jsonAt(m_document, kTemplate).toString() == QLatin1String("chat"))
        setJsonAt(m_document, kTemplate, QJsonObject{{QStringLiteral("chat"), true}});
    for (FormField *field : std::as_const(m_fields))
        field->setValue(shownValue(*field));
    m_lora->setChecked(jsonAt(m_document, kLora).isObject());
    m_loraBody->setVisible(m_lora->isChecked());
    m_eval->setChecked(jsonAt(m_document, kEval).isObject());
    m_evalBody->setVisible(m_eval->isChecked());
    showDependencies();
    showFoldTitles();
}

void SpecForm::setBaseline(const QJsonObject &baseline, const QString &origin)
{
    m_baseline = baseline;
    m_origin = origin;
    const bool sameMethod = jsonAt(baseline, QStringLiteral("method.id")).toString() == m_methodId;
    for (FormField *field : std::as_const(m_fields)) {
        const bool isMethods = field->path().startsWith(QLatin1String("method."));
        const QJsonValue value = isMethods && !sameMethod ? QJsonValue(QJsonValue::Undefined) : jsonAt(baseline, field->path());
        if (value.isUndefined())
            field->setBaseline(toJsonValue(field->parameter().defaultValue), tr("default"));
        else
            field->setBaseline(value, origin);
    }
    showFoldTitles();
}

void SpecForm::fieldEdited(FormField *field)
{
    const QString path = field->path();
    if (path == kTemplate + QStringLiteral(".chat")) {
        // The two forms of a template have different keys.
        QJsonObject part = field->value().toBool() ? QJsonObject{{QStringLiteral("chat"), true}} : standardPart(kTemplate);
        setJsonAt(m_document, kTemplate, part);
        setDocument(m_document);
    } else if (path.startsWith(QLatin1String("method.")) && sameJson(field->value(), toJsonValue(field->parameter().defaultValue))
               && jsonAt(m_baseline, path).isUndefined()) {
        removeJsonAt(m_document, path); // as if it had never been touched
    } else {
        setJsonAt(m_document, path, field->value());
    }
    showDependencies();
    showFoldTitles();
    Q_EMIT edited(path);
}

void SpecForm::setPart(const QString &path, bool on)
{
    const QJsonObject was = jsonAt(m_baseline, path).toObject();
    setJsonAt(m_document, path, on ? QJsonValue(was.isEmpty() ? standardPart(path) : was) : QJsonValue(QJsonValue::Null));
    setDocument(m_document);
    Q_EMIT edited(path);
}

void SpecForm::showDependencies()
{
    for (FormField *field : std::as_const(m_fields)) {
        const QString condition = toQt(std::string_view(field->parameter().dependsOn));
        const qsizetype equals = condition.indexOf(u'=');
        if (equals < 0)
            continue;
        const QString sibling = field->path().left(field->path().lastIndexOf(u'.') + 1) + condition.left(equals);
        const FormField *other = m_fields.value(sibling);
        QString value = other ? jsonText(other->value()) : QString();
        value.remove(u'"');
        field->setVisible(!other || condition.mid(equals + 1).split(u'|').contains(value));
    }
}

void SpecForm::showFoldTitles()
{
    for (auto fold = m_folds.begin(); fold != m_folds.end(); ++fold) {
        int changed = 0, wrong = 0;
        for (const FormField *field : fold.value()->findChildren<FormField *>()) {
            changed += field->isChanged();
            wrong += !field->problem().isEmpty();
        }
        QString title = tr("More");
        if (changed > 0)
            title += QStringLiteral("  ·  ") + tr("%1 changed").arg(changed);
        if (wrong > 0)
            title += QStringLiteral("  ·  ") + tr("%1 to mend").arg(wrong);
        fold.value()->setTitle(title);
    }
}

int SpecForm::changes() const
{
    return static_cast<int>(std::count_if(m_fields.begin(), m_fields.end(), [](const FormField *field) { return field->isChanged(); }));
}

FormField *SpecForm::fieldFor(const QString &where) const
{
    QString path = where;
    if (const qsizetype list = path.indexOf(u'['); list >= 0)
        path.truncate(list);
    return m_fields.value(path);
}

std::vector<Error> SpecForm::setProblems(const std::vector<Error> &problems)
{
    QMap<FormField *, QStringList> placed;
    QMap<QString, QStringList> lines;
    std::vector<Error> rest;
    for (const Error &problem : problems) {
        QString where = toQt(std::string_view(problem.where));
        if (where == QLatin1String("data.forget.alternate") && m_refusals->isVisibleTo(this))
            where = QStringLiteral("data.refusals"); // the line that mends it
        const QString text = toQt(std::string_view(problem.message()));
        if (FormField *field = fieldFor(where)) {
            placed[field].append(text);
            continue;
        }
        const auto line = std::find_if(m_lineProblems.keyBegin(), m_lineProblems.keyEnd(),
                                       [&where](const QString &part) { return where == part || where.startsWith(part + u'.') || where.startsWith(part + u'['); });
        if (line != m_lineProblems.keyEnd())
            lines[*line].append(text);
        else
            rest.push_back(problem);
    }
    for (FormField *field : std::as_const(m_fields))
        field->setProblem(placed.value(field).join(u'\n'));
    for (auto line = m_lineProblems.begin(); line != m_lineProblems.end(); ++line) {
        line.value()->setText(lines.value(line.key()).join(u'\n'));
        line.value()->setVisible(lines.contains(line.key()));
    }
    showFoldTitles();
    return rest;
}

int SpecForm::problemCount() const
{
    int count = 0;
    for (const FormField *field : std::as_const(m_fields))
        count += !field->problem().isEmpty();
    for (const QLabel *line : std::as_const(m_lineProblems))
        count += !line->text().isEmpty();
    return count;
}

bool SpecForm::focusFirstProblem()
{
    for (const QString &path : std::as_const(m_order)) {
        FormField *field = m_fields.value(path);
        if (!field || field->problem().isEmpty())
            continue;
        for (Fold *fold : std::as_const(m_folds))
            if (fold->isAncestorOf(field))
                fold->setOpen(true);
        field->editor().setFocus(Qt::ShortcutFocusReason);
        return true;
    }
    for (const char *part : {"data.forget", "data.retain"})
        if (const QLabel *line = m_lineProblems.value(QLatin1String(part)); line && !line->text().isEmpty()) {
            m_setsButton->setFocus(Qt::ShortcutFocusReason);
            return true;
        }
    if (!m_lineProblems.value(QStringLiteral("data.refusals"))->text().isEmpty()) {
        m_refusalsButton->setFocus(Qt::ShortcutFocusReason);
        return true;
    }
    return false;
}

void SpecForm::setSetsText(const QString &text, bool missing)
{
    m_setsText->setText(text);
    m_setsButton->setText(missing ? tr("Make the sets…") : tr("Edit sets…"));
    Theme::mark(m_setsButton, "primary", missing);
}

void SpecForm::setModelText(const QString &text)
{
    m_modelText->setText(text);
    const bool missing = jsonAt(m_document, QStringLiteral("model")).toString().isEmpty();
    m_modelButton->setText(missing ? tr("Choose a model…") : tr("Models…"));
    Theme::mark(m_modelButton, "primary", missing);
}

QStringList SpecForm::openFolds() const
{
    QStringList open;
    for (auto fold = m_folds.begin(); fold != m_folds.end(); ++fold)
        if (fold.value()->isOpen())
            open.append(fold.key());
    return open;
}

void SpecForm::setOpenFolds(const QStringList &names)
{
    for (auto fold = m_folds.begin(); fold != m_folds.end(); ++fold)
        fold.value()->setOpen(names.contains(fold.key()));
}

} // namespace lethe
