#pragma once

#include "FieldEditor.h"

#include <QtCore/QString>

#include <vector>

namespace lethe {

/// A field of the form that is not a method's: declared as a manifest declares its parameters, so that one generator makes all.
struct SpecField {
    QString path;
    ParameterSpec parameter;
    FieldLook look;
};

std::vector<SpecField> modelFields();
std::vector<SpecField> dataFields();
std::vector<SpecField> trainingFields(const QStringList &devices);
std::vector<SpecField> loraFields();
std::vector<SpecField> evaluationFields();

} // namespace lethe
