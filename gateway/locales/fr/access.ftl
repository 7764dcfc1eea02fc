# Who is calling, and why they may not.

access-unknown-machine = Ce poste n’est pas raccordé à l’intranet. Demandez un bon de raccordement à votre référent.
access-referents-only = Cette page est réservée aux référents.
access-wrong-code = Ce n’est pas le bon code. Recopiez-le tel que la passerelle l’affiche.
access-set-up-is-over = Le premier compte existe déjà, et aucun code n’est attendu. Revenez à l’accueil et connectez-vous.
access-file-not-kept = Votre session était terminée, et le fichier n’a pas été gardé. Connectez-vous, puis envoyez-le de nouveau.
access-too-long-to-keep = Votre session était terminée, et ce que vous avez envoyé est trop long pour être gardé pendant la connexion. Revenez en arrière : votre texte y est encore. Copiez-le, connectez-vous, puis envoyez-le de nouveau.
