# L’annuaire : les personnes, leurs fonctions, leurs groupes.

people-title = Annuaire
people-none = L’annuaire est vide. Envoyez la liste des élus et des secrétaires, ou ajoutez les personnes une à une.
people-nobody = Personne ne correspond. Essayez avec moins de mots.
people-count = { $count ->
    [one] Une personne
   *[other] { $count } personnes
}
people-search = Chercher
people-search-hint = Un nom, une commune, une fonction. Les accents ne comptent pas.
people-search-button = Chercher
people-commune = Commune
people-all-communes = Toutes les communes
people-function = Fonction
people-all-functions = Toutes les fonctions
people-former = Aussi ceux qui n’ont plus de fonction
people-column-name = Nom
people-column-posts = Fonctions
people-column-phone = Téléphone
people-no-post = Aucune fonction aujourd’hui.
people-before = Page précédente
people-after = Page suivante
people-back = L’annuaire
people-export = Enregistrer la liste
people-give-up = Renoncer
people-save = Enregistrer
people-nothing = non renseigné
people-overtaken = Quelqu’un a changé la même chose entre-temps. Rouvrez la page et recommencez.

# Une personne.
people-add = Ajouter une personne
people-added = La personne est dans l’annuaire. Ajoutez ce qu’elle fait.
people-change = Changer les coordonnées
people-change-title = Changer les coordonnées
people-changed = Les coordonnées sont changées.
people-details = Coordonnées
people-civility = Civilité
people-civility-none = Sans
people-family = Nom
people-given = Prénom
people-phone = Téléphone
people-email = Courriel
people-email-label = Courriel, s’il y en a un
people-namesake = Quelqu’un porte déjà ce nom dans l’annuaire. Si c’est la même personne, ouvrez sa fiche et ajoutez-lui une fonction.
people-another = C’est une autre personne, du même nom
people-details-overtaken = Quelqu’un a changé ces coordonnées entre-temps : { $known }. Ce que vous avez tapé est gardé ; enregistrez pour le mettre à la place.
people-data = Enregistrer ses données
people-erase = Effacer cette personne

# Ce qu’elle fait.
people-posts = Fonctions
people-other-posts = Passées ou à venir
people-since = depuis le { $from }
people-from-until = du { $from } au { $until }
people-mandate-add = Ajouter une fonction
people-mandate-change = Corriger ou terminer
people-mandate-title = Corriger ou terminer une fonction
people-mandate-given = La fonction est ajoutée.
people-mandate-changed = La fonction est changée.
people-mandate-remove = Retirer cette fonction
people-mandate-remove-text = Une fonction notée par erreur se retire. Une fonction qui a pris fin se garde : donnez-lui un dernier jour.
people-mandate-removed = La fonction est retirée.
people-choose = Choisir
people-commune-hint = Laissez vide pour ce qui se fait à la communauté.
people-no-commune = La communauté
people-from = Premier jour
people-date-hint = Par exemple 22/03/2026.
people-until = Dernier jour
people-until-hint = Vide tant qu’il n’est pas connu. Le lendemain, la fonction ne donne plus aucun droit.
people-no-start = Donnez le premier jour.

# L’effacement.
people-erase-lead = { $name } ne sera plus dans l’annuaire, ni dans aucun groupe. On ne peut pas revenir en arrière.
people-erase-goes = Sont effacés : le nom, les coordonnées, toutes les fonctions, et les lignes des listes en attente qui portent ce nom.
people-erase-stays = Restent douze mois : les actes de « Qui a fait quoi » qui citent ce nom. La loi demande de savoir qui a changé quoi.
people-erase-backups = Restent jusqu’à ce qu’elles soient remplacées : les sauvegardes.
people-erase-mandate = Pour quelqu’un qui quitte ses fonctions, donnez plutôt un dernier jour à chacune.
people-erase-button = Effacer
people-erased = La personne est effacée.

# La fiche d’une commune.
people-commune-title = Fiche de la commune : { $commune }
people-commune-saved = La fiche de la commune est enregistrée.
people-insee = Code INSEE
people-population = Nombre d’habitants
people-address = Adresse de la mairie
people-commune-phone = Téléphone de la mairie
people-wrong-insee = Un code INSEE a cinq chiffres, par exemple 76014.
people-wrong-population = Écrivez le nombre d’habitants en chiffres.
people-wrong-address = L’adresse est trop longue : { $most } caractères au plus.

# Les groupes.
people-groups = Groupes
people-groups-kept = Commissions et comités
people-groups-none = Il n’y en a pas encore.
people-group-add = Créer un groupe
people-group-name = Nom du groupe
people-group-kind = Nature
people-group-create = Créer le groupe
people-group-no-name = Donnez un nom au groupe.
people-group-long-name = Le nom est trop long : { $most } caractères au plus.
people-group-no-kind = Dites de quelle nature est le groupe.
people-group-taken = Un groupe porte déjà ce nom.
people-group-members = Membres
people-group-empty = Personne aujourd’hui.
people-group-change = Changer le groupe
people-group-rename = Renommer
people-group-renamed = Le groupe est renommé.
people-group-remove = Supprimer le groupe
people-group-remove-text = Supprimer le groupe n’efface personne de l’annuaire.
people-group-removed = Le groupe est supprimé.
people-members = { $count ->
    [0] aucun membre
    [one] un membre
   *[other] { $count } membres
}
people-member-add = Ajouter quelqu’un
people-member-add-button = Ajouter
people-member-added = La personne est dans le groupe.
people-member-remove = Retirer
people-member-removed = La personne n’est plus dans le groupe.
people-out-of-office = N’y siègent plus, faute de fonction
people-circles = Groupes qui se forment tout seuls
people-circles-text = Leurs membres viennent des fonctions : il n’y a pas de liste à tenir.
people-circles-by-commune = Délégués communautaires, commune par commune
people-circle-text = Ce groupe se forme tout seul, d’après les fonctions de chacun.
people-circle-council = Conseil communautaire
people-circle-bureau = Bureau
people-circle-everyone = Tous les { $functions }
people-circle-of = { $commune } : { $functions }

# Les listes.
people-lists = Envoyer une liste
people-lists-lead = Toute la liste des élus et des secrétaires en une fois, après une élection par exemple. Rien n’est changé avant que vous ne l’ayez vu.
people-lists-file = Le fichier
people-lists-hint = Un tableau CSV, ODS ou XLSX. La première ligne nomme les colonnes, dans n’importe quel ordre : civilité, nom, prénom, fonction, commune, téléphone, courriel, début, fin. « nom » et « fonction » suffisent.
people-lists-send = Comparer avec l’annuaire
people-lists-model = Enregistrer un modèle
people-lists-waiting = Listes en attente
people-model-name = Nom de famille
people-model-example = exemple
people-list-title = Ce que la liste changera
people-list-lead = { $count ->
    [one] La liste a une ligne. Rien n’est encore changé.
   *[other] La liste a { $count } lignes. Rien n’est encore changé.
}
people-list-sent = Envoyée par { $who }, le { $when }
people-list-passed-over = Colonnes non utilisées : { $columns }
people-list-none = Choisissez un fichier.
people-list-cut = Le fichier n’est pas arrivé en entier. Envoyez-le de nouveau.
people-list-empty = Il n’y a rien dans ce fichier.
people-list-too-many = La liste a plus de { $most } lignes. Coupez-la en plusieurs, commune par commune.
people-list-too-long = Le fichier est trop gros pour une liste de personnes. Coupez-le en plusieurs, commune par commune.
people-list-other-kind = Ce fichier n’est pas un tableau que l’on sait lire. Enregistrez-le au format CSV, ODS ou XLSX et envoyez-le de nouveau.
people-list-damaged = Ce classeur est abîmé, ou trop gros. Ouvrez-le, enregistrez-le au format CSV et envoyez-le de nouveau.
people-list-missing = { $count ->
    [one] Il manque la colonne { $columns }. La première ligne doit nommer les colonnes.
   *[other] Il manque les colonnes { $columns }. La première ligne doit nommer les colonnes.
}
people-list-open-quote = Ligne { $line } : un guillemet n’est pas refermé, et les lignes qui suivent sont mêlées. Corrigez-le et envoyez le fichier de nouveau.
people-list-corrections = Ce sont les lignes corrigées d’une liste en attente. Ouvrez cette liste et envoyez-les depuis sa page.
people-list-line = Ligne { $line } :
people-list-wrong = { $count ->
    [one] Une ligne à corriger
   *[other] { $count } lignes à corriger
}
people-list-correct-text = Les autres lignes ne sont pas touchées. Corrigez ici, ou enregistrez ces lignes, corrigez-les dans un tableur et renvoyez-les. Gardez la colonne « ligne ».
people-list-correct-label = Lignes à corriger
people-list-correct = Vérifier de nouveau
people-list-download = Enregistrer ces lignes
people-list-correct-file = Fichier corrigé
people-list-correct-send = Envoyer le fichier corrigé
people-list-questions = De qui s’agit-il ?
people-list-another = une autre personne, qui n’est pas dans l’annuaire
people-list-same-as-line = la même personne qu’à la ligne { $line }
people-list-answer = Enregistrer les réponses
people-list-differences = Les différences
people-list-nothing = L’annuaire dit déjà tout cela.
people-list-newcomers = { $count ->
    [one] Une personne nouvelle
   *[other] { $count } personnes nouvelles
}
people-list-changed = { $count ->
    [one] Coordonnées changées d’une personne
   *[other] Coordonnées changées de { $count } personnes
}
people-list-begun = { $count ->
    [one] Une fonction nouvelle
   *[other] { $count } fonctions nouvelles
}
people-list-moved = { $count ->
    [one] Une fonction dont les dates changent
   *[other] { $count } fonctions dont les dates changent
}
people-list-ended = { $count ->
    [one] Une fonction qui prend fin
   *[other] { $count } fonctions qui prennent fin
}
people-list-unchanged = { $count ->
    [one] Une personne de la liste reste comme elle est.
   *[other] { $count } personnes de la liste restent comme elles sont.
}
people-list-withheld = Tant que des lignes sont à corriger ou des questions ouvertes, aucune fonction ne prend fin. Les autres changements peuvent déjà être appliqués.
people-list-whole = La liste est prise pour complète : qui exerçait une fonction nommée ici, dans la même commune, et n’est pas dans la liste, ne l’exerce plus.
people-list-part = La liste est prise pour une partie : aucune fonction ne prend fin.
people-list-take-part = Ce n’est qu’une partie
people-list-take-whole = Elle est complète
people-list-apply = Appliquer ces changements
people-list-close = Ranger cette liste
people-list-give-up = Abandonner cette liste
people-list-applied = La liste est appliquée : l’annuaire dit ce qu’elle dit.
people-list-applied-in-part = Ces changements sont appliqués. Le reste de la liste attend vos corrections.
people-list-overtaken = L’annuaire a changé pendant que vous lisiez. Voici les différences telles qu’elles sont maintenant ; relisez-les, puis appliquez.
people-list-forgotten = La liste est abandonnée. Rien n’a été changé.
people-list-acted = { $people } personnes nouvelles, { $begun } fonctions nouvelles, { $ended } fonctions terminées

# Ce qui ne va pas dans une ligne ou un formulaire.
people-wrong-no-name = Il n’y a pas de nom.
people-wrong-long-name = Le nom ou le prénom est trop long : 80 caractères au plus.
people-wrong-unprintable = Le nom contient un caractère invisible. Retapez-le.
people-wrong-civility = « { $said } » n’est pas une civilité. Écrivez « M. » ou « Mme », ou rien.
people-wrong-phone = « { $said } » n’est pas un numéro de téléphone. Écrivez un seul numéro, à dix chiffres.
people-wrong-email = « { $said } » n’est pas une adresse de courriel.
people-wrong-no-function = Il n’y a pas de fonction.
people-wrong-function = « { $said } » n’est pas une fonction connue. Écrivez une seule fonction par ligne : maire, adjoint au maire, conseiller municipal, délégué communautaire, secrétaire de mairie, président, vice-président, chargé de mission ou référent.
people-wrong-no-commune = Cette fonction s’exerce dans une commune. Dites laquelle.
people-wrong-commune = « { $said } » n’est pas une commune de la communauté.
people-wrong-date = « { $said } » n’est pas une date. Écrivez par exemple 22/03/2026.
people-wrong-backwards = Le dernier jour est avant le premier.
people-wrong-identifier = L’identifiant { $said } n’est pas celui de cette personne. Effacez-le s’il s’agit de quelqu’un d’autre.
people-wrong-repeated = Cette personne est déjà à la ligne { $line } avec cette fonction.
people-wrong-contradicts = La ligne { $line } dit autre chose de la même personne : civilité, téléphone ou courriel.
people-wrong-overlaps = Cette personne exerce déjà cette fonction pendant une partie de ce temps. Corrigez les dates.
