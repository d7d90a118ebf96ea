"""credit_data in ten folds: the AUC of thalweg's tabular model beside scikit-learn's logistic regression, on the same parts.

credit.py THALWEG CREDIT.csv [DENSE]   (CREDIT.csv: docs/applications/credit.md has the line that makes it)

Prints both and ends with an error where thalweg's mean is more than .005 below. Needs scikit-learn and pandas.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

import pandas
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

thalweg, file = sys.argv[1:3]
dense = sys.argv[3] if len(sys.argv) > 3 else "0"
loans = pandas.read_csv(file)
bad = (loans["Status"] == "bad").astype(int).to_numpy()
columns = loans.drop(columns="Status")
numbers = [name for name in columns if pandas.api.types.is_numeric_dtype(columns[name])]
categories = [name for name in columns if name not in numbers]
columns[categories] = columns[categories].astype(object).where(columns[categories].notna(), "missing")
peer = make_pipeline(
    ColumnTransformer([
        ("numbers", make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), numbers),
        ("categories", OneHotEncoder(handle_unknown="ignore"), categories)]),
    LogisticRegression(max_iter=2000))

ours, theirs = [], []
with tempfile.TemporaryDirectory() as folder:
    train, test = pathlib.Path(folder, "train.csv"), pathlib.Path(folder, "test.csv")
    for fold, (a, b) in enumerate(StratifiedKFold(10, shuffle=True, random_state=1).split(columns, bad), 1):
        loans.iloc[a].to_csv(train, index=False)
        loans.iloc[b].to_csv(test, index=False)
        done = subprocess.run(
            [thalweg, "train", "--model", "tabular", "--dense", dense, "--data", f"csv:{train}", "--test-data", f"csv:{test}",
             "--target", "Status", "--positive", "bad", "--cost", "5:1", "--threads", "1", "--seed", str(fold), "--json"],
            check=True, capture_output=True)
        ours.append(json.loads(done.stdout)["risk"]["auc"])
        theirs.append(roc_auc_score(bad[b], peer.fit(columns.iloc[a], bad[a]).predict_proba(columns.iloc[b])[:, 1]))
        print(f"fold {fold}: AUC {ours[-1]:.4f}, scikit-learn {theirs[-1]:.4f}", flush=True)
print(f"{len(loans)} loans, mean over 10 folds: AUC {statistics.mean(ours):.4f}, scikit-learn {statistics.mean(theirs):.4f}")
sys.exit(statistics.mean(ours) < statistics.mean(theirs) - 0.005)
