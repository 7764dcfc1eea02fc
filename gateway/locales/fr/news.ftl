# L’annonce de la communauté.

news-title = Annonce
news-lead = L’annonce s’affiche sur l’accueil de l’intranet, dans toutes les mairies.
news-now = En ce moment sur l’accueil
news-none = Il n’y a pas d’annonce sur l’accueil.
news-signed = { $who }, le { $when }
news-write = Écrire une nouvelle annonce
news-label-title = Titre
news-hint-title = { $most } caractères au plus.
news-label-text = Texte
news-hint-text = { $most } caractères au plus. Une ligne vide commence un nouveau paragraphe.
news-publish = Publier l’annonce
news-withdraw = Retirer de l’accueil
news-earlier = Annonces précédentes

news-published = L’annonce est publiée : toutes les mairies la voient sur leur accueil.
news-withdrawn = L’annonce est retirée de l’accueil.
news-overtaken = { $who } a publié une autre annonce entre-temps. Lisez-la ci-dessous ; votre texte est gardé, vous pouvez encore le publier.
news-no-title = Donnez un titre à l’annonce.
news-long-title = { $over ->
    [one] Le titre est trop long d’un caractère. Raccourcissez-le.
   *[other] Le titre est trop long de { $over } caractères. Raccourcissez-le.
}
news-no-text = Écrivez le texte de l’annonce.
news-long-text = { $over ->
    [one] Le texte est trop long d’un caractère. Rien n’est perdu : raccourcissez-le et publiez de nouveau.
   *[other] Le texte est trop long de { $over } caractères. Rien n’est perdu : raccourcissez-le et publiez de nouveau.
}
